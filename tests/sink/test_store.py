import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from support.accepted import accepted_batch
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
        await store.write([first])  # connects and prepares
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
