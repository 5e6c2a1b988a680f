import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import requests
from backports import zstd
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms

from support.events import benchmark_event, usage_events
from support.uploads import MEDIA_TYPE, Upload, new_batch_id, new_key, payload_of
from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.limits import CODED_BODY_MAX_BYTES, DECODED_BODY_MAX_BYTES
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature import sign_request
from vox_telemetry_spec.signature_base import SignableRequest

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
LiveSink = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]

SECRET = "hunter2-not-to-be-seen"


async def test_a_batch_is_stored_with_what_verifies_it_again(
    client: httpx.AsyncClient, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    one = upload(payload=b"")
    answer = await one.post(client)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/vnd.vox.usage-receipt.v1+json"
    assert answer.json()["batch_id"] == one.batch_id
    assert answer.json()["event_count"] == 1
    [(body, signed, received_at)] = await fetch(
        "SELECT coded_body, signed_request, received_at FROM batch"
    )
    assert body == one.body
    assert json.loads(signed) == {
        "method": "POST",
        "authority": "sink.example",
        "path": "/v1/batches",
        "fields": {
            name: json.loads(signed)["fields"][name]
            for name in (
                "content-type",
                "content-digest",
                "idempotency-key",
                "signature-input",
                "signature",
            )
        },
    }
    assert answer.json()["received_at"] == (
        received_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{received_at.microsecond // 1000:03}Z"
    )


async def test_every_column_of_an_event_is_what_was_sent(
    client: httpx.AsyncClient, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    batch_id = new_batch_id()
    event = benchmark_event(recorded_at="2026-11-20T01:02:03.456Z", metric_value=0.25)
    no_scalar = benchmark_event(metric_value=None)
    zero = benchmark_event(metric_value=0)
    payload = payload_of(event, no_scalar, zero, batch_id=batch_id)
    assert (await upload(batch_id=batch_id, payload=payload).post(client)).status_code == 201
    rows = await fetch(
        "SELECT batch_id::text, event_index, recorded_at::text, family, metric_type,"
        " sensitivity_class, session_id, metric_value, metadata FROM event ORDER BY event_index"
    )
    assert rows[0][:8] == (
        batch_id,
        0,
        "2026-11-20 01:02:03.456+00",
        "benchmark",
        "benchmark_event",
        "S0",
        "bench:cpython-3.11",
        0.25,
    )
    assert json.loads(rows[0][8]) == event["metadata"]
    assert [row[7] for row in rows] == [0.25, None, 0.0]


async def test_real_events_arrive_in_full_batches_of_every_coding(
    client: httpx.AsyncClient, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    events = usage_events()[:2_000]
    for coding, pack in ((None, bytes), ("gzip", gzip.compress), ("zstd", zstd.compress)):
        batch_id = new_batch_id()
        payload = payload_of(*events, batch_id=batch_id)
        one = upload(batch_id=batch_id, payload=payload, body=pack(payload), coding=coding)
        answer = await one.post(client)
        assert (answer.status_code, answer.json()["event_count"]) == (201, 2_000)
    assert await fetch("SELECT count(*), count(DISTINCT batch_id) FROM event") == [(6_000, 3)]
    kept = "SELECT content_encoding, signed_request #>> '{fields,content-encoding}' FROM batch"
    assert await fetch(kept + " ORDER BY batch_id") == [
        (None, None),
        ("gzip", "gzip"),
        ("zstd", "zstd"),
    ]


async def test_a_repetition_gets_the_same_receipt_and_stores_nothing(
    client: httpx.AsyncClient, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    one = upload()
    first = await one.post(client)
    again = await one.post(client)  # signed anew
    packed = replace(one, body=gzip.compress(one.payload), coding="gzip")
    other_coding = await packed.post(client)
    assert [first.status_code, again.status_code, other_coding.status_code] == [201, 200, 200]
    assert first.content == again.content == other_coding.content
    assert await fetch("SELECT count(*) FROM event") == [(1,)]


async def test_a_replay_of_the_very_same_request_is_a_duplicate(
    client: httpx.AsyncClient, upload: Callable[..., Upload]
) -> None:
    one = upload()
    headers = one.headers()
    answers = [
        await client.post("/v1/batches", content=one.body, headers=headers) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 200]


async def test_many_at_the_same_instant_store_one(
    client: httpx.AsyncClient, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    one = upload()
    answers = await asyncio.gather(*(one.post(client) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert await fetch("SELECT count(*) FROM event") == [(1,)]


async def test_two_sinks_on_one_database_store_one(
    live_sink: LiveSink, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    one = upload()
    async with live_sink() as left, live_sink() as right:
        answers = await asyncio.gather(*(one.post(sink) for sink in (left, right) * 10))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert await fetch("SELECT count(*) FROM event") == [(1,)]


async def test_an_id_with_other_bytes_is_refused_and_kept_out(
    client: httpx.AsyncClient, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    one = upload()
    await one.post(client)
    other = upload(
        batch_id=one.batch_id,
        payload=payload_of(benchmark_event(), benchmark_event(), batch_id=one.batch_id),
    )
    answer = await other.post(client)
    assert (answer.status_code, answer.json()["type"]) == (409, ProblemType.BATCH_ID_REUSED.uri)
    assert await fetch("SELECT count(*) FROM event") == [(1,)]


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def resolve_private_key(self, key_id: Any) -> Any:  # noqa: ARG002 -- one key
        return self._key._key

    def resolve_public_key(self, key_id: Any) -> Any:  # noqa: ARG002 -- one key
        return self._key._key.public_key()


async def test_a_request_signed_by_an_independent_library_is_stored(
    live_sink: LiveSink, key: SigningKey
) -> None:
    """http-message-signatures on PyPI shares no code with us."""
    one = Upload(key=key)
    request = requests.Request(
        "POST",
        "https://sink.example/v1/batches",
        data=one.body,
        headers={
            "Content-Type": MEDIA_TYPE,
            "Content-Digest": one.headers()["content-digest"],
            "Idempotency-Key": f'"{one.batch_id}"',
        },
    ).prepare()
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_OneKey(key))
    signer.sign(
        request,
        key_id=key.public.key_id,
        covered_component_ids=(
            "@method",
            "@authority",
            "@path",
            "content-type",
            "content-digest",
            "idempotency-key",
        ),
        tag="vox-usage-batch",
        nonce="0123456789abcdef",
        label="theirs",
        use_existing_digest=True,
    )
    async with live_sink() as client:
        answer = await client.post(
            "/v1/batches", content=one.body, headers=dict(request.headers.items())
        )
    assert answer.status_code == 201, answer.text


async def test_without_a_public_authority_the_host_header_counts(
    live_sink: LiveSink, upload: Callable[..., Upload]
) -> None:
    async with live_sink(public_authority=None) as client:
        authority = str(client.base_url.netloc, "ascii")
        assert (await upload(authority=authority).post(client)).status_code == 201
        answer = await upload(authority="elsewhere.example").post(client)
    assert answer.json()["type"] == ProblemType.SIGNATURE_INVALID.uri


def _problem_cases() -> Any:
    bomb = gzip.compress(b"0" * (DECODED_BODY_MAX_BYTES + 1))
    return {
        ProblemType.BODY_MALFORMED: {"payload": b"{" + SECRET.encode()},
        ProblemType.BODY_TRUNCATED: {"body": gzip.compress(b"x" * 99)[:-9], "coding": "gzip"},
        ProblemType.IDEMPOTENCY_KEY_MISMATCH: {"payload": payload_of()},
        ProblemType.SIGNATURE_MISSING: {"changes": {"signature-input": None}},
        ProblemType.SIGNATURE_MALFORMED: {"changes": {"signature": "\x22"}},
        ProblemType.SIGNATURE_STALE: {"created": 1},
        ProblemType.SIGNATURE_INVALID: {"authority": "other.example"},
        ProblemType.KEY_UNKNOWN: {"key": new_key()},
        ProblemType.NOT_FOUND: {"path": "/v2/batches"},
        ProblemType.BODY_TOO_LARGE: {"body": bomb, "coding": "gzip"},
        ProblemType.MEDIA_TYPE_UNSUPPORTED: {"changes": {"content-type": "application/json"}},
        ProblemType.CODING_UNSUPPORTED: {"coding": "br"},
        ProblemType.CONTRACT_REFUSED: {
            "batch_id": (batch_id := new_batch_id()),
            "payload": payload_of({SECRET: 1}, batch_id=batch_id),
        },
        ProblemType.SIGNATURE_COVERAGE: {
            "changes": {"content-encoding": "gzip"},
        },
    }


@pytest.mark.parametrize("problem", list(_problem_cases()), ids=lambda problem: problem.slug)
async def test_each_refusal_has_its_problem(
    problem: ProblemType,
    client: httpx.AsyncClient,
    upload: Callable[..., Upload],
    capfd: pytest.CaptureFixture[str],
) -> None:
    case = _problem_cases()[problem]
    assert_problem(await upload(**case).post(client), problem)
    assert SECRET not in "".join(capfd.readouterr())


def assert_problem(answer: httpx.Response, problem: ProblemType) -> None:
    """Look for the shape of RFC 9457, and for nothing that was sent."""
    document = answer.json()
    assert document["type"] == f"urn:vox-telemetry:problem:{problem.slug}", document
    assert (answer.status_code, document["status"]) == (problem.status, problem.status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["title"] == problem.title
    assert document["detail"]
    assert set(document) <= {"type", "title", "status", "detail", "sink_time", "violations"}
    assert SECRET not in answer.text


async def test_another_body_than_the_signed_one_is_refused(
    client: httpx.AsyncClient, upload: Callable[..., Upload]
) -> None:
    one = upload()
    answer = await client.post("/v1/batches", content=one.body + b" ", headers=one.headers())
    assert_problem(answer, ProblemType.CONTENT_DIGEST_MISMATCH)


async def test_other_methods_are_refused(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/v1/batches"), ProblemType.METHOD_NOT_ALLOWED)


async def test_a_missing_digest_or_idempotency_key_is_named(
    client: httpx.AsyncClient, key: SigningKey
) -> None:
    for name, problem in (
        ("content-digest", ProblemType.CONTENT_DIGEST_MISSING),
        ("idempotency-key", ProblemType.IDEMPOTENCY_KEY_MISSING),
    ):
        one = Upload(key=key)
        one.changes = {name: "?1"}
        headers = one.headers()
        resigned = _resigned(one, headers)
        answer = await client.post("/v1/batches", content=one.body, headers=resigned)
        assert_problem(answer, problem)


def _resigned(one: Upload, headers: dict[str, str]) -> dict[str, str]:
    fields = {name: value for name, value in headers.items() if not name.startswith("signature")}
    request = SignableRequest("POST", one.authority, one.path, fields)
    return fields | sign_request(request, one.key, created=one.created, nonce="0123456789abcdef")


async def test_a_query_is_not_part_of_the_path(
    client: httpx.AsyncClient, upload: Callable[..., Upload]
) -> None:
    one = upload()
    answer = await client.post("/v1/batches?x=1", content=one.body, headers=one.headers())
    assert answer.status_code == 201


async def test_two_signatures_with_our_tag_are_refused(
    client: httpx.AsyncClient, upload: Callable[..., Upload]
) -> None:
    headers = upload().headers()
    for name in ("signature-input", "signature"):
        headers[name] += ", " + headers[name].replace("vox=", "two=", 1)
    answer = await client.post("/v1/batches", content=b"", headers=headers)
    assert_problem(answer, ProblemType.SIGNATURE_AMBIGUOUS)


async def test_another_algorithm_is_refused(
    client: httpx.AsyncClient, upload: Callable[..., Upload]
) -> None:
    headers = upload().headers()
    headers["signature-input"] = headers["signature-input"].replace("ed25519", "hmac-sha256")
    answer = await client.post("/v1/batches", content=b"", headers=headers)
    assert_problem(answer, ProblemType.SIGNATURE_ALGORITHM)


async def test_a_token_is_asked_for_when_one_is_set(
    live_sink: LiveSink, upload: Callable[..., Upload]
) -> None:
    async with live_sink(upload_token=SECRET) as client:
        for given in (None, "Bearer wrong", f"Basic {SECRET}", SECRET):
            answer = await upload(changes={"authorization": given}).post(client)
            assert_problem(answer, ProblemType.TOKEN_INVALID)
            assert answer.headers["www-authenticate"] == "Bearer"
        answer = await upload(changes={"authorization": f"bearer {SECRET}"}).post(client)
    assert answer.status_code == 201


async def test_the_token_is_not_kept(
    live_sink: LiveSink, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    async with live_sink(upload_token=SECRET) as client:
        await upload(changes={"authorization": f"Bearer {SECRET}"}).post(client)
    [(row,)] = await fetch("SELECT batch::text FROM batch")
    assert SECRET not in row


async def test_a_revoked_key_is_refused_within_two_seconds(
    client: httpx.AsyncClient, upload: Callable[..., Upload], key_store: KeyStore, key: SigningKey
) -> None:
    assert (await upload().post(client)).status_code == 201
    await key_store.revoke(key.public.key_id, now=datetime.now(UTC))
    await asyncio.sleep(1.1)
    assert_problem(await upload().post(client), ProblemType.KEY_REVOKED)


async def test_a_key_above_its_rate_waits_and_others_do_not(
    live_sink: LiveSink, upload: Callable[..., Upload], key_store: KeyStore
) -> None:
    other = new_key()
    await key_store.add(other.public, KeyGrant("other"), now=datetime.now(UTC))
    async with live_sink(rate_per_s=0.5, rate_burst=2) as client:
        answers = [await upload().post(client) for _ in range(3)]
        free = await upload(key=other).post(client)
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert_problem(answers[2], ProblemType.RATE_LIMITED)
    assert answers[2].headers["retry-after"] == "2"
    assert answers[0].headers["ratelimit-policy"] == '"key";q=2;w=4'
    assert answers[0].headers["ratelimit"] == '"key";r=1;t=0'
    assert answers[2].headers["ratelimit-policy"] == '"key";q=2;w=4'
    assert answers[2].headers["ratelimit"] == '"key";r=0;t=2'
    assert free.status_code == 201


async def test_an_unverified_request_spends_nobodys_rate(
    live_sink: LiveSink, upload: Callable[..., Upload]
) -> None:
    async with live_sink(rate_per_s=0.001, rate_burst=1) as client:
        forged = await upload(changes={"content-type": MEDIA_TYPE + ";x"}).post(client)
        assert_problem(forged, ProblemType.SIGNATURE_INVALID)
        assert (await upload().post(client)).status_code == 201


async def test_a_stale_signature_is_told_the_time(
    client: httpx.AsyncClient, upload: Callable[..., Upload]
) -> None:
    answer = await upload(created=1).post(client)
    assert answer.json()["sink_time"].startswith("20")
    assert answer.json()["sink_time"].endswith("Z")


async def test_violations_name_the_place_and_never_the_value(
    client: httpx.AsyncClient, upload: Callable[..., Upload]
) -> None:
    bad = benchmark_event(session_id=SECRET + " with spaces")
    batch_id = new_batch_id()
    one = upload(batch_id=batch_id, payload=payload_of(benchmark_event(), bad, batch_id=batch_id))
    answer = await one.post(client)
    assert {"event": 1, "pointer": "/session_id", "rule": "contract.pattern"} in answer.json()[
        "violations"
    ]
    assert SECRET not in answer.text


async def test_a_refused_batch_of_a_known_key_is_kept_without_values(
    client: httpx.AsyncClient, upload: Callable[..., Upload], fetch: Fetch, key: SigningKey
) -> None:
    one = upload(payload=payload_of(benchmark_event(session_id=SECRET)))
    one.batch_id = json.loads(one.payload)["batch_id"]
    await one.post(client)
    await upload(changes={"signature": "vox=:AAAA:"}).post(client)  # not verified: not kept
    [row] = await fetch("SELECT rejection::text, problem, key_id, coded_bytes FROM rejection")
    assert SECRET not in row[0]
    assert row[1:] == ("contract-refused", key.public.key_id, len(one.body))


async def test_a_body_over_the_limit_is_answered_not_reset(
    client: httpx.AsyncClient, upload: Callable[..., Upload]
) -> None:
    one = upload(body=b"x" * (CODED_BODY_MAX_BYTES + 1))
    assert_problem(await one.post(client), ProblemType.BODY_TOO_LARGE)


async def test_a_chunked_body_is_counted_too(
    client: httpx.AsyncClient, upload: Callable[..., Upload]
) -> AsyncIterator[Any]:
    async def chunks() -> AsyncIterator[Any]:
        for _ in range(20):
            yield b"x" * 65_536

    answer = await client.post("/v1/batches", content=chunks(), headers=upload().headers())
    assert_problem(answer, ProblemType.BODY_TOO_LARGE)


async def test_a_chunked_body_is_stored(
    client: httpx.AsyncClient, upload: Callable[..., Upload]
) -> AsyncIterator[Any]:
    one = upload()

    async def chunks() -> AsyncIterator[Any]:
        for start in range(0, len(one.body), 100):
            yield one.body[start : start + 100]

    answer = await client.post("/v1/batches", content=chunks(), headers=one.headers())
    assert answer.status_code == 201


async def test_a_slow_sender_is_cut(live_sink: LiveSink, upload: Callable[..., Upload]) -> None:
    async with live_sink(receive_deadline_s=0.3) as client:
        one = upload()
        whole = _wire(one, len(one.body))
        answer = await _raw(client, whole[:-1])  # and then nothing comes
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"receive-timeout" in answer
    assert b"connection: close" in answer


async def _raw(client: httpx.AsyncClient, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    try:
        writer.write(request)
        await writer.drain()
        return await asyncio.wait_for(reader.read(65_536), 10)
    finally:
        writer.close()


def _wire(one: Upload, length: int) -> bytes:
    lines = [f"{name}: {value}" for name, value in one.headers().items()]
    head = "\r\n".join(
        ["POST /v1/batches HTTP/1.1", "Host: x", f"Content-Length: {length}", *lines]
    )
    return head.encode() + b"\r\n\r\n" + one.body


async def test_a_content_length_that_promises_more_is_cut(
    live_sink: LiveSink, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    async with live_sink(receive_deadline_s=0.3) as client:
        one = upload()
        answer = await _raw(client, _wire(one, len(one.body) + 1))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert await fetch("SELECT count(*) FROM batch") == [(0,)]


async def test_a_content_length_that_promises_less_breaks_the_digest(
    client: httpx.AsyncClient, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    one = upload()
    answer = await _raw(client, _wire(one, len(one.body) - 1))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert await fetch("SELECT count(*) FROM batch") == [(0,)]


async def test_a_header_given_twice_is_combined_before_it_is_believed(
    client: httpx.AsyncClient, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    one = upload()
    doubled = _wire(one, len(one.body)).replace(
        b"idempotency-key:", b'idempotency-key: "other"\r\nidempotency-key:', 1
    )
    assert b"signature-invalid" in await _raw(client, doubled)
    assert await fetch("SELECT count(*) FROM batch") == [(0,)]


async def test_a_bug_is_answered_without_a_word_of_it(
    live_sink: LiveSink,
    upload: Callable[..., Upload],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr("vox_telemetry_sink.key_store.KeyStore.find", broken)
    async with live_sink() as client:
        answer = await upload().post(client)
    assert_problem(answer, ProblemType.INTERNAL)
    logged = "".join(capfd.readouterr())
    assert "ZeroDivisionError" in logged
    assert SECRET not in logged


async def test_an_absolute_request_target_is_the_same_request(
    live_sink: LiveSink, upload: Callable[..., Upload]
) -> None:
    async with live_sink(public_authority=None) as client:
        one = upload(authority="sink.example:80")
        whole = _wire(one, len(one.body)).replace(
            b"POST /v1/batches", b"POST http://sink.example:80/v1/batches", 1
        )
        one_authority = upload(authority="sink.example")
        other = _wire(one_authority, len(one_authority.body)).replace(
            b"POST /v1/batches", b"POST http://sink.example/v1/batches", 1
        )
        forged = _wire(one_authority, len(one_authority.body)).replace(
            b"POST /v1/batches", b"POST http://elsewhere.example/v1/batches", 1
        )
        close = b"\r\nConnection: close\r\nHost: x\r\n"
        answers = [
            await _raw(client, request.replace(b"\r\nHost: x\r\n", close, 1))
            for request in (whole, other, forged)
        ]
    assert b"signature-invalid" in answers[0]  # the default port is not part of it (RFC 9421 2.2.3)
    assert answers[1].startswith(b"HTTP/1.1 201 ")
    assert b"signature-invalid" in answers[2]


async def test_received_is_stored_and_duplicate_and_rejected_by_day(
    client: httpx.AsyncClient, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    good, bad = benchmark_event(), benchmark_event(metric_value="no number")
    two, refused = payload_of(good, good), payload_of(good, bad, bad)
    one = upload(batch_id=json.loads(two)["batch_id"], payload=two)
    broken = upload(payload=b'{"schema": ')
    mixed = upload(batch_id=json.loads(refused)["batch_id"], payload=refused)
    reused = upload(batch_id=one.batch_id, payload=payload_of(good, batch_id=one.batch_id))
    misnamed = upload(payload=payload_of(good, good))
    sent = [one, one, one, broken, mixed, reused, misnamed]
    statuses = [(await each.post(client)).status_code for each in sent]
    assert statuses == [201, 200, 200, 400, 422, 409, 400]
    assert await fetch("SELECT sum(event_count) FROM batch") == [(2,)]
    assert await fetch("SELECT batches, events FROM duplicate_tally") == [(2, 4)]
    rejected = "SELECT problem, event_count FROM rejection ORDER BY rejection_id"
    assert await fetch(rejected) == [
        ("body-malformed", None),
        ("contract-refused", 3),
        ("batch-id-reused", 1),
        ("idempotency-key-mismatch", 2),
    ]
    by_day = (
        "SELECT day, sum(batches) FROM (SELECT received_at::date AS day, 1 AS batches FROM batch"
        " UNION ALL SELECT rejected_at::date, 1 FROM rejection"
        " UNION ALL SELECT day, batches FROM duplicate_tally) AS outcome GROUP BY day"
    )
    assert sum(row[1] for row in await fetch(by_day)) == len(sent)
