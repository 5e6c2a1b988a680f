import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from support.accepted import accepted_batch
from support.events import benchmark_event
from support.uploads import new_key
from vox_telemetry_sink.database import QUERIES, connected_pool
from vox_telemetry_sink.store import Rejection, Store, StoredBatch
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.violations import Violation

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]

NOW = datetime(2026, 11, 22, 1, 2, 3, 4_000, tzinfo=UTC)


def test_a_receipt_names_the_stored_bytes_and_time() -> None:
    stored = StoredBatch(b"\xab" * 32, 7, NOW, is_new=True)
    assert json.loads(stored.receipt("id").encode()) == {
        "schema": "vox.usage-receipt.v1",
        "batch_id": "id",
        "payload_sha256": "ab" * 32,
        "event_count": 7,
        "received_at": "2026-11-22T01:02:03.004Z",
    }


async def test_a_rejection_is_kept(store: Store, fetch: Fetch) -> None:
    violations = [Violation(3, "/metadata", "contract.additionalProperties")]
    await store.keep_rejection(Rejection(NOW, "k", "contract-refused", violations, b"d" * 32, 9))
    assert await fetch(
        "SELECT rejected_at, key_id, problem, violations::text, content_sha256, coded_bytes"
        " FROM rejection"
    ) == [
        (
            NOW,
            "k",
            "contract-refused",
            '[{"rule": "contract.additionalProperties", "event": 3, "pointer": "/metadata"}]',
            b"d" * 32,
            9,
        )
    ]


async def test_a_group_is_four_statements_and_its_connection_is_not_reset(
    database_url: str, key: SigningKey
) -> None:
    sent: list[str] = []
    names = {statement: name for name, statement in QUERIES.items()}
    async with connected_pool(database_url) as pool:
        store = Store(pool)
        first, second = accepted_batch(key), accepted_batch(key)
        await store.write([first])  # connects and prepares, as does the repetition
        await store.write([first])
        async with pool.acquire() as connection:
            connection.add_query_logger(
                lambda record: sent.append(names.get(record.query, record.query))
            )
        stored = await store.write([second])
        assert stored[second.batch_id].is_new
        assert sent == ["BEGIN;", "claim_batches", "COMMIT;"]  # the driver does not log a COPY
        sent.clear()
        stored = await store.write([first, second])
        assert [one.is_new for one in stored.values()] == [False, False]
        assert sent == [
            "BEGIN;",
            "claim_batches",
            "write_something",
            "find_batches",
            "count_duplicates",
            "COMMIT;",
        ]


async def test_a_receipt_from_memory_is_the_one_that_the_database_gives_later(
    store: Store, key: SigningKey
) -> None:
    one, other = accepted_batch(key), accepted_batch(key)
    first = await store.write([one])
    mixed = await store.write([other, one])
    again = await store.write([one, other])
    assert mixed[one.batch_id] == first[one.batch_id]._replace(is_new=False)
    assert again[other.batch_id] == mixed[other.batch_id]._replace(is_new=False)
    assert (first[one.batch_id].is_new, mixed[other.batch_id].is_new) == (True, True)


TALLY = "SELECT day, key_id, batches, events FROM duplicate_tally ORDER BY day, key_id"


async def test_repetitions_are_counted_by_day_and_key_and_new_batches_are_not(
    store: Store, key: SigningKey, fetch: Any
) -> None:
    other_key = new_key()
    event = benchmark_event()
    one, two = accepted_batch(key, event, event), accepted_batch(key, event)
    other = accepted_batch(other_key, event, event, event)
    await store.write([one, two, other])
    assert await fetch(TALLY) == []
    await store.write([one, two, other, accepted_batch(key)])
    await store.write([one])
    day = one.received_at.date()
    expected = [(day, key.public.key_id, 3, 5), (day, other_key.public.key_id, 1, 3)]
    assert await fetch(TALLY) == sorted(expected)


async def test_a_repetition_counts_for_the_utc_day_on_which_it_came(
    store: Store, key: SigningKey, fetch: Any
) -> None:
    one = accepted_batch(key)
    await store.write([one])
    for moment in ("2026-11-03T23:59:59.999+00:00", "2026-11-04T00:00:00+00:00"):
        await store.write([replace(one, received_at=datetime.fromisoformat(moment))])
    assert [row[0] for row in await fetch(TALLY)] == [date(2026, 11, 3), date(2026, 11, 4)]


async def test_other_bytes_under_an_id_are_no_repetition(
    store: Store, key: SigningKey, fetch: Any
) -> None:
    one = accepted_batch(key)
    await store.write([one])
    await store.write([accepted_batch(key, benchmark_event(), batch_id=one.batch_id)])
    assert await fetch(TALLY) == []


async def test_several_sinks_count_the_same_repetitions_together(
    database_url: str, key: SigningKey, fetch: Any
) -> None:
    batches = [accepted_batch(key) for _ in range(8)]
    async with AsyncExitStack() as stack:
        pools = [await stack.enter_async_context(connected_pool(database_url)) for _ in range(4)]
        await Store(pools[0]).write(batches)
        rounds = [Store(pool).write(group) for pool in pools for group in (batches, batches[::-1])]
        await asyncio.gather(*rounds)
    assert [row[2:] for row in await fetch(TALLY)] == [(64, 64)]


async def test_the_families_of_a_batch_are_counted_with_it(
    store: Store, key: SigningKey, fetch: Any
) -> None:
    await store.write([accepted_batch(key, benchmark_event(), benchmark_event())])
    counted = "SELECT family, events FROM all_families"
    assert await fetch(counted) == [("benchmark", 2)]
    await fetch("UPDATE batch SET family_counts = NULL")  # as an earlier version stored it
    assert await fetch(counted) == [("benchmark", 2)]
    await fetch(
        "UPDATE batch SET coded_body = NULL, signed_request = NULL, body_removed_at = now()"
    )
    assert await fetch(counted) == []
