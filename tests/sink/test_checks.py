"""Checks beside the event loop: nobody's bad batch holds up the others."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import httpx

from support.events import benchmark_event
from support.uploads import Upload, new_batch_id, new_key, payload_of
from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_sink.key_store import KeyStore
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
    large = payload_of(*[benchmark_event()] * 200, batch_id=batch_id)
    assert len(large) > 16_384
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
