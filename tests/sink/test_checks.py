"""Checks beside the event loop: nobody's bad batch holds up the others."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from support.accepted import CHECKER, accepted_batch
from support.events import benchmark_event, recorded_at, usage_events
from support.uploads import Upload, new_batch_id, new_key, payload_of
from vox_telemetry_sink.checks import Checks
from vox_telemetry_sink.enforce import enforce
from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.problems import ProblemType

MIB = 1_048_576


def broken(size: int) -> bytes:
    """Give a batch of that size that ends in the middle: the place of the fault is looked for."""
    good = payload_of()
    head = good[: good.index(b'"events":[') + 10]
    return head + b'{"a":1},' * ((size - len(head)) // 8)


def zipped(payload: bytes) -> bytes:
    from backports import zstd

    return zstd.compress(payload)


async def test_livez_goes_on_answering_while_a_megabyte_of_broken_json_is_checked(
    client: httpx.AsyncClient, upload: Callable[..., Upload], key_store: KeyStore
) -> None:
    other = new_key()
    await key_store.add(other.public, KeyGrant("other"), now=datetime.now(UTC))
    payload = broken(MIB)
    bad = [
        upload(payload=payload, body=zipped(payload), coding="zstd", **changes)
        for changes in ({}, {}, {"key": other})
    ]
    client.timeout = httpx.Timeout(100)  # coverage makes the check several times as long
    answers = [asyncio.create_task(one.post(client)) for one in bad]
    alive = 0
    while not all(answer.done() for answer in answers):
        assert (await client.get("/livez")).status_code == 200
        alive += 1
        await asyncio.sleep(0.01)
    assert [answer.result().status_code for answer in answers] == [400] * 3
    # A check that held the loop would let at most a few through, between the three.
    assert alive > 10


async def test_a_key_with_large_bad_batches_does_not_hold_up_another_key(
    client: httpx.AsyncClient, upload: Callable[..., Upload], key_store: KeyStore
) -> None:
    other = new_key()
    await key_store.add(other.public, KeyGrant("other"), now=datetime.now(UTC))
    payload = broken(MIB)
    body = zipped(payload)
    client.timeout = httpx.Timeout(100)  # coverage makes the check several times as long
    bad = [
        asyncio.create_task(upload(payload=payload, body=body, coding="zstd").post(client))
        for _ in range(2)
    ]
    await asyncio.sleep(0.2)
    batch_id = new_batch_id()
    large = payload_of(*[benchmark_event()] * 400, batch_id=batch_id)
    assert len(large) > 65_536
    good = await upload(key=other, batch_id=batch_id, payload=large).post(client)
    assert good.status_code == 201
    assert not all(one.done() for one in bad)
    assert {(await one).json()["type"] for one in bad} == {ProblemType.BODY_MALFORMED.uri}


async def test_a_small_body_that_unpacks_to_much_is_checked_beside_the_loop_too(
    client: httpx.AsyncClient, upload: Callable[..., Upload]
) -> None:
    payload = broken(512 * 1_024)
    body = zipped(payload)
    assert len(body) < 4_096
    answer = asyncio.create_task(upload(payload=payload, body=body, coding="zstd").post(client))
    alive = 0
    while not answer.done():
        await client.get("/livez")
        alive += 1
        await asyncio.sleep(0.01)
    assert (await answer).status_code == 400
    assert alive > 5


async def test_a_key_whose_check_was_slow_goes_beside_the_loop_for_a_while(
    key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    clock = [1_000.0]

    def watched(*args: Any, **kwargs: Any) -> Any:
        threads.append(threading.current_thread().name.partition("_")[0])
        return enforce(*args, **kwargs)

    def slow(*args: Any, **kwargs: Any) -> Any:
        clock[0] += 0.2
        return watched(*args, **kwargs)

    monkeypatch.setattr("vox_telemetry_sink.checks.time.monotonic", lambda: clock[0])
    now, other = datetime.now(UTC), new_key()
    with Checks.running(CHECKER) as checks:
        for one, check, passes_s in [
            (key, watched, 0.0),
            (key, slow, 0.0),  # this one held the loop up
            (key, watched, 0.0),
            (other, watched, 0.0),
            (key, watched, 61.0),
        ]:
            clock[0] += passes_s
            monkeypatch.setattr("vox_telemetry_sink.checks.enforce", check)
            accepted = await checks.check(accepted_batch(one).verified, now=now)
            assert len(accepted.events.families) == 1
    assert threads == ["MainThread", "MainThread", "check", "MainThread", "MainThread"]


async def test_a_refused_batch_that_was_slow_counts_too(
    key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vox_telemetry_sink.checks.CHECK_INLINE_MAX_S", -1.0)
    good = accepted_batch(key).verified
    bad = replace(good, received=replace(good.received, coded_body=b"no json"))
    with Checks.running(CHECKER) as checks:
        with pytest.raises(RefusalError, match="not strict JSON"):
            await checks.check(bad, now=datetime.now(UTC))
        assert checks._is_slow(key.public.key_id)


async def test_a_usual_batch_of_100_events_is_checked_inline(
    key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    recent = [event | {"recorded_at": recorded_at(now)} for event in usage_events()[:100]]
    batch = accepted_batch(key, *recent)
    with Checks.running(CHECKER) as checks:
        monkeypatch.setattr(checks._threads, "submit", None)
        assert len((await checks.check(batch.verified, now=now)).events.families) == 100
