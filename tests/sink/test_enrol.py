"""POST /v1/keys over HTTP, on a real database (issue 5, point 3)."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from support.enrolments import Enrolling, invited, new_code
from support.uploads import Upload, new_key
from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_spec.enrolment import EnrolmentCode
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.taxonomy import SensitivityClass

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
LiveSink = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


def assert_problem(answer: httpx.Response, problem: ProblemType, code: EnrolmentCode) -> None:
    document = answer.json()
    assert document["type"] == f"urn:vox-telemetry:problem:{problem.slug}", document
    assert answer.status_code == problem.status
    assert answer.headers["content-type"] == "application/problem+json"
    assert_without_code(answer.text, code)


def assert_without_code(text: str, code: EnrolmentCode) -> None:
    for spelling in (code.shown, code.characters):
        assert spelling.lower() not in text.lower()


async def test_a_code_enrols_the_key_that_signed_with_what_the_operator_granted(
    client: httpx.AsyncClient, key_store: KeyStore, fetch: Fetch
) -> None:
    code = await invited(
        key_store,
        max_sensitivity=SensitivityClass.S2,
        families=["benchmark", "mcp_surface_s2"],
        valid_days=30,
    )
    one = Enrolling(code)
    answer = await one.post(client)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/vnd.vox.key-enrolment-receipt.v1+json"
    document = answer.json()
    enrolled_at = datetime.fromisoformat(document["enrolled_at"])
    assert document == {
        "schema": "vox.key-enrolment-receipt.v1",
        "key_id": one.key.public.key_id,
        "name": "farm",
        "max_sensitivity": "S2",
        "families": ["benchmark", "mcp_surface_s2"],
        "enrolled_at": document["enrolled_at"],
        "not_after": (enrolled_at + timedelta(days=30))
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        "sink_key": None,
    }
    rows = await fetch("SELECT key_id, public_key, name, max_sensitivity, families FROM client_key")
    assert rows == [
        (
            one.key.public.key_id,
            one.key.public.raw,
            "farm",
            "S2",
            ["benchmark", "mcp_surface_s2"],
        )
    ]


async def test_an_enrolment_is_a_line_in_admin_log_that_names_the_code_by_its_id(
    client: httpx.AsyncClient, key_store: KeyStore, fetch: Fetch
) -> None:
    code = await invited(key_store)
    one = Enrolling(code)
    await one.post(client)
    [invite, enrol] = await fetch("SELECT action, subject, detail FROM admin_log ORDER BY entry_id")
    assert (invite[0], enrol[:2]) == ("keys.invite", ("keys.enrol", one.key.public.key_id))
    assert json.loads(enrol[2]) == {
        "name": "farm",
        "max_sensitivity": "S1",
        "code_id": invite[1],
        "needs_approval": False,
    }
    tables = "SELECT to_jsonb(t)::text FROM "
    everything = [
        *await fetch(tables + "admin_log t"),
        *await fetch(tables + "enrolment_code t"),
        *await fetch(tables + "client_key t"),
    ]
    assert_without_code(str(everything), code)


async def test_a_newly_enrolled_key_uploads_within_two_seconds(
    live_sink: LiveSink, key_store: KeyStore
) -> None:
    """On the worker that enrolled it and on another one that had just denied it."""
    one = Enrolling(await invited(key_store))
    async with live_sink() as left, live_sink() as right:
        for worker in (left, right):
            assert (await Upload(key=one.key).post(worker)).status_code == 401
        assert (await one.post(left)).status_code == 201
        await asyncio.sleep(2)
        for worker in (left, right):
            assert (await Upload(key=one.key).post(worker)).status_code == 201


async def test_the_same_key_and_code_again_gets_the_same_receipt(
    client: httpx.AsyncClient, key_store: KeyStore, fetch: Fetch
) -> None:
    """A request repeated after a lost answer, also once the code would have expired."""
    one = Enrolling(await invited(key_store))
    first = await one.post(client)
    await fetch("UPDATE enrolment_code SET expires_at = now() - interval '1 hour' RETURNING 1")
    again = await one.post(client)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    assert await fetch("SELECT count(*) FROM admin_log WHERE action = 'keys.enrol'") == [(1,)]


NEWEST = "application/vnd.vox.key-enrolment-receipt.v2+json"
OLD = "application/vnd.vox.key-enrolment-receipt.v1+json"


async def test_a_key_that_waits_is_told_so_and_so_is_its_approval(
    client: httpx.AsyncClient, key_store: KeyStore
) -> None:
    one = Enrolling(
        await invited(key_store, needs_approval=True), changes={"accept": f"{NEWEST}, {OLD}"}
    )
    first = await one.post(client)
    assert (first.status_code, first.headers["content-type"]) == (201, NEWEST)
    document = first.json()
    assert document["schema"] == "vox.key-enrolment-receipt.v2"
    assert document["approved_at"] is None
    await key_store.approve(one.key.public.key_id, now=datetime(2026, 11, 22, 10, tzinfo=UTC))
    again = await one.post(client)
    assert again.status_code == 200
    assert again.json() == document | {"approved_at": "2026-11-22T10:00:00.000Z"}


async def test_a_key_that_does_not_wait_is_approved_since_it_is_enrolled(
    client: httpx.AsyncClient, key_store: KeyStore
) -> None:
    one = Enrolling(await invited(key_store), changes={"accept": NEWEST})
    document = (await one.post(client)).json()
    assert document["approved_at"] == document["enrolled_at"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, OLD),
        ("*/*", OLD),
        (f"{OLD}, application/problem+json", OLD),
        (f"{NEWEST}x", OLD),
        (f"{OLD};q=1, {NEWEST.upper()} ; q=inf", NEWEST),
        (",;,", OLD),
    ],
)
async def test_a_client_from_before_approval_still_gets_the_receipt_it_knows(
    client: httpx.AsyncClient, key_store: KeyStore, accept: str | None, media_type: str
) -> None:
    one = Enrolling(await invited(key_store, needs_approval=True), changes={"accept": accept})
    answer = await one.post(client)
    assert (answer.status_code, answer.headers["content-type"]) == (201, media_type)
    assert ("approved_at" in answer.json()) is (media_type == NEWEST)


async def test_what_a_key_that_waits_sends_is_refused_before_it_is_unpacked_until_it_is_approved(
    client: httpx.AsyncClient, key_store: KeyStore, fetch: Fetch
) -> None:
    one = Enrolling(await invited(key_store, needs_approval=True))
    await one.post(client)
    no_gzip = Upload(key=one.key, body=b"no gzip", coding="gzip")
    for upload in (Upload(key=one.key), no_gzip):
        refused = await upload.post(client)
        document = refused.json()
        assert (refused.status_code, document["type"]) == (403, ProblemType.KEY_NOT_APPROVED.uri)
        asked = f"ask whoever runs the sink to approve key {one.key.public.key_id}"
        assert document["detail"].endswith(asked)
    assert await fetch("SELECT FROM rejection") == []
    await key_store.approve(one.key.public.key_id, now=datetime.now(UTC))
    await asyncio.sleep(1.1)
    assert (await Upload(key=one.key).post(client)).status_code == 201


async def test_a_revoked_key_gets_its_receipt_no_more(
    client: httpx.AsyncClient, key_store: KeyStore
) -> None:
    one = Enrolling(await invited(key_store))
    await one.post(client)
    await key_store.revoke(one.key.public.key_id, now=datetime.now(UTC))
    assert_problem(await one.post(client), ProblemType.ENROLMENT_CODE_REFUSED, one.code)


async def test_of_two_keys_with_one_code_at_once_one_wins(
    live_sink: LiveSink, key_store: KeyStore, fetch: Fetch
) -> None:
    code = await invited(key_store)
    async with live_sink() as left, live_sink() as right:
        answers = await asyncio.gather(
            *(Enrolling(code).post(worker) for worker in (left, right) * 4)
        )
    assert sorted(answer.status_code for answer in answers) == [201] + [403] * 7
    assert await fetch("SELECT count(*) FROM client_key") == [(1,)]
    [(used_by, is_enrolled)] = await fetch(
        "SELECT used_by, EXISTS (SELECT FROM client_key WHERE key_id = used_by) FROM enrolment_code"
    )
    [winner] = [answer for answer in answers if answer.status_code == 201]
    assert (used_by, is_enrolled) == (winner.json()["key_id"], True)


async def test_one_key_with_one_code_many_times_at_once_is_enrolled_once(
    client: httpx.AsyncClient, key_store: KeyStore, fetch: Fetch
) -> None:
    one = Enrolling(await invited(key_store))
    answers = await asyncio.gather(*(one.post(client) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert await fetch("SELECT count(*) FROM client_key") == [(1,)]


async def test_codes_that_are_unknown_used_or_expired_are_answered_alike(
    client: httpx.AsyncClient,
    key_store: KeyStore,
    fetch: Fetch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    used = await invited(key_store)
    await Enrolling(used).post(client)
    known = await invited(key_store)
    enrolled = new_key()
    await key_store.add(enrolled.public, KeyGrant("by hand"), now=datetime.now(UTC))
    malformed = new_code()
    body = Enrolling(malformed).body.replace(
        malformed.shown.encode(), malformed.shown[:-1].encode()
    )
    key = new_key()
    cases = {
        "unknown": Enrolling(new_code()),
        "used": Enrolling(used),
        "expired": Enrolling(await invited(key_store, expires_at=datetime.now(UTC))),
        "of a key that is enrolled by hand": Enrolling(known, key=enrolled),
        "no code": Enrolling(malformed, key=key),
    }
    cases["no code"].body = body.replace(
        json.loads(body)["public_key"]["x"].encode(), key.public.jwk["x"].encode()
    )
    answers = {what: await one.post(client) for what, one in cases.items()}
    for what, answer in answers.items():
        assert_problem(answer, ProblemType.ENROLMENT_CODE_REFUSED, cases[what].code)
    assert len({answer.content for answer in answers.values()}) == 1
    assert await fetch("SELECT name FROM client_key ORDER BY name") == [("by hand",), ("farm",)]
    said = "".join(capfd.readouterr())
    for one in cases.values():
        assert_without_code(said, one.code)
    # The code that met a key enrolled by hand was not used up.
    assert (await Enrolling(known).post(client)).status_code == 201


async def test_possession_is_proven_before_the_code_is_looked_at(
    client: httpx.AsyncClient, key_store: KeyStore, fetch: Fetch
) -> None:
    """Neither a stranger's signature nor a changed body uses the code up."""
    code = await invited(key_store)
    theirs = new_key()
    stolen = Enrolling(code, key=theirs, signer=new_key())
    assert_problem(await stolen.post(client), ProblemType.SIGNATURE_INVALID, code)
    other = Enrolling(code)
    other_body = Enrolling(code).body
    answer = await client.post("/v1/keys", content=other_body, headers=other.headers())
    assert_problem(answer, ProblemType.CONTENT_DIGEST_MISMATCH, code)
    elsewhere = Enrolling(code, authority="other.example")
    assert_problem(await elsewhere.post(client), ProblemType.SIGNATURE_INVALID, code)
    assert await fetch("SELECT used_at FROM enrolment_code") == [(None,)]
    assert await fetch("SELECT count(*) FROM client_key") == [(0,)]


async def test_a_replay_enrols_nobody_else(client: httpx.AsyncClient, key_store: KeyStore) -> None:
    one = Enrolling(await invited(key_store))
    headers = one.headers()
    statuses = [
        (await client.post("/v1/keys", content=one.body, headers=headers)).status_code
        for _ in range(2)
    ]
    assert statuses == [201, 200]


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"created": 1}, ProblemType.SIGNATURE_STALE),
        ({"changes": {"signature": None}}, ProblemType.SIGNATURE_MISSING),
        ({"changes": {"content-type": "application/json"}}, ProblemType.MEDIA_TYPE_UNSUPPORTED),
        ({"changes": {"content-encoding": "gzip"}}, ProblemType.CODING_UNSUPPORTED),
        ({"body": b"{"}, ProblemType.BODY_MALFORMED),
        ({"body": b"{}"}, ProblemType.BODY_MALFORMED),
        ({"body": b" " * 4_097}, ProblemType.BODY_TOO_LARGE),
        ({"body": b" " * 9_000_000}, ProblemType.BODY_TOO_LARGE),
    ],
    ids=lambda value: value.slug if isinstance(value, ProblemType) else "",
)
async def test_each_refusal_has_its_problem_and_no_code(
    parts: dict[str, Any],
    problem: ProblemType,
    client: httpx.AsyncClient,
    key_store: KeyStore,
    capfd: pytest.CaptureFixture[str],
) -> None:
    one = Enrolling(await invited(key_store), **parts)
    answer = await one.post(client)
    assert_problem(answer, problem, one.code)
    assert bool(answer.json().get("sink_time")) is (problem is ProblemType.SIGNATURE_STALE)
    assert_without_code("".join(capfd.readouterr()), one.code)


async def test_another_method_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/keys")
    assert_problem(answer, ProblemType.METHOD_NOT_ALLOWED, new_code())


async def test_the_bearer_token_is_asked_for_here_too(
    live_sink: LiveSink, key_store: KeyStore
) -> None:
    code = await invited(key_store)
    async with live_sink(upload_token="open-sesame-please") as client:
        one = Enrolling(code)
        assert_problem(await one.post(client), ProblemType.TOKEN_INVALID, code)
        one.changes = {"authorization": "Bearer open-sesame-please"}
        assert (await one.post(client)).status_code == 201


async def test_all_enrolments_share_one_bucket_a_worker_and_uploads_have_theirs(
    live_sink: LiveSink, key_store: KeyStore, upload: Callable[..., Upload]
) -> None:
    code = await invited(key_store)
    async with live_sink() as client:
        began_s = time.monotonic()
        answers = await asyncio.gather(*(client.post("/v1/keys", content=b"") for _ in range(30)))
        took_s = time.monotonic() - began_s
        limited = [answer for answer in answers if answer.status_code == 429]
        assert 30 - 10 - int(took_s) - 1 <= len(limited) <= 30 - 10
        assert_problem(limited[0], ProblemType.RATE_LIMITED, code)
        assert limited[0].headers["retry-after"] == "1"
        assert limited[0].headers["ratelimit-policy"] == '"enrolments";q=10;w=10'
        assert (await upload().post(client)).status_code == 201
        await asyncio.sleep(1.1)
        assert (await Enrolling(code).post(client)).status_code == 201


async def test_a_database_that_is_away_is_503_and_the_code_stays(
    live_sink: LiveSink, key_store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Enrolling(await invited(key_store))
    async with live_sink(database_url="postgresql://nobody@127.0.0.1:1/x") as client:
        assert_problem(await one.post(client), ProblemType.STORE_UNAVAILABLE, one.code)
    async with live_sink() as client:
        assert (await one.post(client)).status_code == 201
