"""Failure cases of docs/failure-cases.md that a sink answers by itself, each over HTTP."""

import gzip
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from support.events import benchmark_event
from support.uploads import MEDIA_TYPE, Upload, new_batch_id, new_key, payload_of
from vox_telemetry_spec.problems import ProblemType

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
Uploads = Callable[..., Upload]

CANARY = "canary-7f3a91"
COUNTS = "SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM event)"
ALL_ROWS = (
    "SELECT concat((SELECT string_agg(batch::text || convert_from(coded_body, 'UTF8'), ' ')"
    " FROM batch), (SELECT string_agg(event::text, ' ') FROM event),"
    " (SELECT string_agg(rejection::text, ' ') FROM rejection))"
)


def spelled(upload: Uploads, old: str, new: str) -> Upload:
    """Make an upload whose payload has one place spelled by hand."""
    batch_id = new_batch_id()
    payload = payload_of(batch_id=batch_id).decode()
    assert old in payload
    return upload(batch_id=batch_id, payload=payload.replace(old, new, 1).encode())


async def refused(
    client: httpx.AsyncClient, one: Upload, problem: ProblemType, *, fetch: Fetch
) -> dict[str, Any]:
    """Send what is to be refused without a row or a word of it; the problem document."""
    answer = await one.post(client)
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["type"]) == (problem.status, problem.uri), document
    assert CANARY not in answer.text
    assert await fetch(COUNTS) == [(0, 0)]
    return document


async def test_case_19_a_batch_is_stored_as_a_whole_or_not_at_all(
    client: httpx.AsyncClient, upload: Uploads, fetch: Fetch
) -> None:
    batch_id = new_batch_id()
    events = [benchmark_event(), benchmark_event(metric_type="no_such_type"), benchmark_event()]
    one = upload(batch_id=batch_id, payload=payload_of(*events, batch_id=batch_id))
    document = await refused(client, one, ProblemType.CONTRACT_REFUSED, fetch=fetch)
    assert {violation["event"] for violation in document["violations"]} == {1}


async def test_case_30_a_bomb_of_nobody_is_not_unpacked(
    client: httpx.AsyncClient, upload: Uploads, fetch: Fetch
) -> None:
    bomb = gzip.compress(bytes(100_000_000))
    stranger = upload(key=new_key(), body=bomb, coding="gzip")
    await refused(client, stranger, ProblemType.KEY_UNKNOWN, fetch=fetch)
    await refused(client, upload(body=bomb, coding="gzip"), ProblemType.BODY_TOO_LARGE, fetch=fetch)


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip,zstd", "identity, gzip"])
async def test_case_30_a_coding_inside_a_coding_is_refused(
    client: httpx.AsyncClient, upload: Uploads, fetch: Fetch, coding: str
) -> None:
    twice = upload(body=gzip.compress(gzip.compress(payload_of())), coding=coding)
    await refused(client, twice, ProblemType.CODING_UNSUPPORTED, fetch=fetch)


async def test_case_30_a_second_gzip_member_is_refused(
    client: httpx.AsyncClient, upload: Uploads, fetch: Fetch
) -> None:
    one = upload(coding="gzip")
    one.body = gzip.compress(one.payload) + gzip.compress(b"")
    await refused(client, one, ProblemType.BODY_MALFORMED, fetch=fetch)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
async def test_case_33_a_document_of_any_depth_is_refused_and_the_sink_lives(
    client: httpx.AsyncClient, upload: Uploads, fetch: Fetch, opening: bytes
) -> None:
    deep = opening * (4_000_000 // len(opening))
    one = upload(payload=deep, body=gzip.compress(deep), coding="gzip")
    await refused(client, one, ProblemType.BODY_MALFORMED, fetch=fetch)
    assert (await upload().post(client)).status_code == 201


@pytest.mark.parametrize(
    "value",
    [
        "1" + "0" * 400,
        "1e400",
        "NaN",
        "Infinity",
        "-Infinity",
        '"\\ud800"',
        '"\\u0000"',
        "9" * 5_000,
    ],
)
async def test_case_34_a_number_or_text_that_is_none_is_refused_with_its_place(
    client: httpx.AsyncClient, upload: Uploads, fetch: Fetch, value: str
) -> None:
    one = spelled(upload, "0.432", value)
    answer = await one.post(client)
    assert answer.status_code in (400, 422)
    assert answer.json()["violations"][0]["pointer"].startswith(("/events/0", "/metric_value"))
    assert await fetch(COUNTS) == [(0, 0)]


@pytest.mark.parametrize("second", ["metric_value", "metric\\u005fvalue", "\\u006detric_value"])
async def test_case_35_a_key_that_comes_twice_is_refused_however_it_is_spelled(
    client: httpx.AsyncClient, upload: Uploads, fetch: Fetch, second: str
) -> None:
    one = spelled(upload, '"metric_value":0.432', f'"metric_value":0.432,"{second}":0.5')
    document = await refused(client, one, ProblemType.BODY_MALFORMED, fetch=fetch)
    assert document["violations"][0]["rule"] == "json.duplicate-name"


@pytest.mark.parametrize(
    "name",
    ["password", "PassWord", "ｐａｓｓｗｏｒｄ", "pass\u200bword", "pаssword", "pa\u0301ssword"],  # noqa: RUF001 -- the look-alikes are the test
)
async def test_case_36_a_forbidden_key_is_refused_in_any_disguise(
    client: httpx.AsyncClient, upload: Uploads, fetch: Fetch, name: str
) -> None:
    event = benchmark_event(details={"lane": "test_re", name: CANARY})
    one = upload(payload=payload_of(event, batch_id=(batch_id := new_batch_id())))
    one.batch_id = batch_id
    document = await refused(client, one, ProblemType.CONTRACT_REFUSED, fetch=fetch)
    assert document["violations"]


@pytest.mark.parametrize(
    "value",
    [
        f"/home/{CANARY}/notes.txt",
        f"C:\\Users\\{CANARY}\\notes.txt",
        f"\\\\server\\share\\{CANARY}",
        f"file:///home/{CANARY}/x",
        f"%2Fhome%2F{CANARY}%2Fx",
        f"%252Fhome%252F{CANARY}",
        "L2hvbWUvYWxpY2Uvc2VjcmV0L25vdGVzLnR4dA==",
        f'{{"path":"/home/{CANARY}"}}',
    ],
)
@pytest.mark.parametrize("place", ["session_id", "name", "lane"])
async def test_case_37_a_forbidden_value_is_refused_in_any_coding(
    client: httpx.AsyncClient, upload: Uploads, fetch: Fetch, place: str, value: str
) -> None:
    changes: dict[str, Any] = {"details": {"lane": value}} if place == "lane" else {place: value}
    batch_id = new_batch_id()
    event = benchmark_event(**changes)
    one = upload(batch_id=batch_id, payload=payload_of(event, batch_id=batch_id))
    await refused(client, one, ProblemType.CONTRACT_REFUSED, fetch=fetch)
    assert CANARY not in str(await fetch(ALL_ROWS))


async def test_case_38_what_comes_beside_the_body_is_not_stored(
    client: httpx.AsyncClient, upload: Uploads, fetch: Fetch, capfd: pytest.CaptureFixture[str]
) -> None:
    one = upload()
    beside = {
        "user-agent": CANARY,
        "referer": f"https://{CANARY}.example/",
        "cookie": f"a={CANARY}",
        "x-forwarded-for": "203.0.113.77",
        "forwarded": "for=203.0.113.77",
        "from": f"{CANARY}@example.org",
        f"x-{CANARY}": "1",
    }
    answer = await client.post(
        f"/v1/batches?who={CANARY}", content=one.body, headers=one.headers() | beside
    )
    assert answer.status_code == 201
    seen = str(await fetch(ALL_ROWS)) + answer.text + "".join(capfd.readouterr())
    assert one.batch_id in seen
    assert CANARY not in seen
    assert "203.0.113.77" not in seen
    assert "127.0.0.1" not in seen


@pytest.mark.parametrize("name", ["received_at", "key_id", "batch_id", "event_index", "family"])
@pytest.mark.parametrize("beside", ['"metric_type"', '"schema"'])
async def test_case_39_what_the_sink_writes_by_itself_cannot_be_sent(
    client: httpx.AsyncClient, upload: Uploads, fetch: Fetch, name: str, beside: str
) -> None:
    one = spelled(upload, beside, f'"{name}":"{CANARY}",{beside}')
    answer = await one.post(client)
    assert answer.status_code in (400, 422)
    assert CANARY not in answer.text
    assert await fetch(COUNTS) == [(0, 0)]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"signature": None}, ProblemType.SIGNATURE_MISSING),
        ({"signature-input": None}, ProblemType.SIGNATURE_MISSING),
        ({"signature": ""}, ProblemType.SIGNATURE_MALFORMED),
        ({"signature": "vox=::"}, ProblemType.SIGNATURE_INVALID),
        ({"signature": "vox=:AAAA:"}, ProblemType.SIGNATURE_INVALID),
        ({"signature": f"vox=:{'A' * 88}:"}, ProblemType.SIGNATURE_INVALID),
        ({"signature": CANARY}, ProblemType.SIGNATURE_MALFORMED),
    ],
)
async def test_case_41_no_signature_half_a_one_or_another_is_401_before_the_body_is_read(
    client: httpx.AsyncClient,
    upload: Uploads,
    fetch: Fetch,
    changes: dict[str, str | None],
    problem: ProblemType,
) -> None:
    unreadable = upload(payload=b"{" + CANARY.encode(), changes=changes)
    await refused(client, unreadable, problem, fetch=fetch)


async def test_case_44_a_request_for_another_sink_is_refused_here(
    client: httpx.AsyncClient, upload: Uploads, fetch: Fetch
) -> None:
    elsewhere = upload(authority="other.example")
    await refused(client, elsewhere, ProblemType.SIGNATURE_INVALID, fetch=fetch)


async def test_case_48_the_rows_are_those_of_the_bytes_that_were_verified(
    client: httpx.AsyncClient, upload: Uploads, fetch: Fetch
) -> None:
    batch_id = new_batch_id()
    events = [benchmark_event(metric_value=n / 4, session_id=f"bench:{n}") for n in range(5)]
    payload = payload_of(*events, batch_id=batch_id)
    one = upload(batch_id=batch_id, payload=payload, body=gzip.compress(payload), coding="gzip")
    receipt = (await one.post(client)).json()
    [(body, sha256, media_type)] = await fetch(
        "SELECT coded_body, payload_sha256, signed_request #>> '{fields,content-type}' FROM batch"
    )
    assert body == one.body
    assert media_type == MEDIA_TYPE
    assert sha256.hex() == receipt["payload_sha256"] == hashlib.sha256(payload).hexdigest()
    rows = await fetch("SELECT session_id, metric_value FROM event ORDER BY event_index")
    sent = json.loads(gzip.decompress(body))["events"]
    assert rows == [(event["session_id"], event["metric_value"]) for event in sent]
