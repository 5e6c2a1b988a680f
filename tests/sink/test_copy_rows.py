"""Our binary COPY against asyncpg's own encoder, and through a real Postgres and back."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from support.accepted import accepted_batch
from support.events import usage_events
from support.uploads import new_key
from vox_telemetry_sink.copy_rows import CHUNK_MIN_BYTES, EVENT_COLUMNS, copy_chunks
from vox_telemetry_sink.database import connected_pool
from vox_telemetry_sink.enforce import Accepted, Events
from vox_telemetry_spec.registry import Registry

REGISTRY = Registry.load()
[BENCHMARK] = REGISTRY.families_of("benchmark_event")
SURFACE, SURFACE_S2 = REGISTRY.families_of("socrates_surface")
MOMENT = datetime(2026, 11, 22, 9, 0, 0, 500_001, tzinfo=UTC)
KEY = new_key()

# family, session_id, recorded_at, metric_value, metadata, and the metadata as Postgres prints it
ODD: list[tuple[Any, str, datetime, float | None, bytes, str]] = [
    (BENCHMARK, "bench:a", MOMENT, None, b"{}", "{}"),
    (SURFACE, "", MOMENT, 0.0, b'{"a":null}', '{"a": null}'),
    (BENCHMARK, "ü\U0001f600\u2028", MOMENT, -0.0, '{"ü":"\U0001f600"}'.encode(), '{"ü": "😀"}'),
    (SURFACE_S2, "x" * 512, datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC), 1.7e308, b"{}", "{}"),
    (
        SURFACE,
        "\\N\t\n",
        datetime(1, 1, 2, tzinfo=UTC),
        5e-324,
        b'{"a":"\\n\\\\"}',
        r'{"a": "\n\\"}',
    ),
    (BENCHMARK, "z", datetime(9999, 12, 31, tzinfo=UTC), 2**53, b'{"n":1e2}', '{"n": 100}'),
]


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Any]:
    async with connected_pool(database_url) as pool, pool.acquire() as connection:
        yield connection


def odd_batch() -> Accepted:
    families, *columns, _ = (list(column) for column in zip(*ODD, strict=True))
    return replace(accepted_batch(KEY), events=Events(families, *columns))


def rows_of(accepted: Accepted) -> list[tuple[Any, ...]]:
    """Write the same rows a second time, the obvious way."""
    return [
        (
            UUID(accepted.batch_id),
            accepted.received_at,
            family.family,
            family.metric_type,
            family.sensitivity_class.value,
            index,
            recorded_at,
            value,
            session_id,
            metadata,
        )
        for index, (family, session_id, recorded_at, value, metadata) in enumerate(
            zip(*accepted.events, strict=True)
        )
    ]


async def copied(connection: Any, *batches: Accepted) -> None:
    stream = bytearray(b"".join(copy_chunks(batches)))
    await connection.copy_to_table("event", source=stream, columns=EVENT_COLUMNS, format="binary")


async def test_odd_values_come_back_as_they_were(connection: Any) -> None:
    accepted = odd_batch()
    await copied(connection, accepted)
    rows = await connection.fetch(
        "SELECT batch_id, received_at, family, metric_type, sensitivity_class, event_index,"
        " recorded_at, metric_value, session_id, metadata::text FROM event ORDER BY event_index"
    )
    expected = [(*row[:-1], odd[-1]) for row, odd in zip(rows_of(accepted), ODD, strict=True)]
    assert [tuple(row) for row in rows] == expected
    assert [str(row["metric_value"]) for row in rows][:3] == ["None", "0.0", "-0.0"]


async def test_it_is_what_the_drivers_own_encoder_writes(connection: Any) -> None:
    batches = [accepted_batch(KEY, *recent(usage_events()[:300])), odd_batch()]
    await copied(connection, *batches)
    await connection.execute("CREATE TEMPORARY TABLE theirs (LIKE event)")
    await connection.copy_records_to_table(
        "theirs", records=[row for one in batches for row in rows_of(one)], columns=EVENT_COLUMNS
    )
    assert await connection.fetchval("SELECT count(*) FROM theirs") == 306
    assert await connection.fetch("SELECT * FROM event EXCEPT SELECT * FROM theirs") == []
    assert await connection.fetch("SELECT * FROM theirs EXCEPT SELECT * FROM event") == []


def recent(events: list[Any]) -> list[Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return [event | {"recorded_at": now} for event in events]


async def test_no_batch_is_an_empty_stream(connection: Any) -> None:
    assert b"".join(copy_chunks([])) == b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8 + b"\xff\xff"
    await copied(connection)
    assert await connection.fetchval("SELECT count(*) FROM event") == 0


async def test_large_groups_come_in_pieces_of_whole_batches(connection: Any) -> None:
    accepted = odd_batch()
    wide = Events(*(column * 300 for column in accepted.events))
    batches = [replace(odd_batch(), events=wide) for _ in range(5)]
    chunks = list(copy_chunks(batches))
    length_of_one = len(b"".join(copy_chunks(batches[:1])))
    assert len(chunks) > 1
    assert all(len(chunk) < CHUNK_MIN_BYTES + length_of_one for chunk in chunks)
    await copied(connection, *batches)
    assert await connection.fetchval("SELECT count(*) FROM event") == 5 * 300 * len(ODD)


async def test_a_value_that_the_column_refuses_is_refused_by_postgres(connection: Any) -> None:
    accepted = odd_batch()
    broken = accepted.events._replace(metadata=[b"not json"] * len(ODD))
    with pytest.raises(asyncpg.InvalidTextRepresentationError):
        await copied(connection, replace(accepted, events=broken))
    assert await connection.fetchval("SELECT count(*) FROM event") == 0
