import io
import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest

from support.stored import run, store_batch
from vox_telemetry_sink.database import operator_connection
from vox_telemetry_sink.errors import StoreError
from vox_telemetry_sink.export import JsonLines, Selection, export, record_export

SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 8, tzinfo=UTC)
ALL = Selection(SINCE, UNTIL, None)


async def exported(dsn: str, selection: Selection = ALL) -> list[dict[str, Any]]:
    buffer = io.BytesIO()
    async with operator_connection(dsn) as connection:
        count = await export(connection, selection, JsonLines(buffer.write))
    lines = buffer.getvalue().splitlines()
    assert count == len(lines)
    return [json.loads(line) for line in lines]


async def test_a_line_holds_an_event_with_its_key(database_url: str) -> None:
    moment = datetime(2026, 11, 3, 12, 0, 0, 250_000, tzinfo=UTC)
    metadata = {"name": "n", "details": {"ms": 1}}
    batch_id = await store_batch(database_url, moment, key_id="k", metadata=metadata)
    assert await exported(database_url) == [
        {
            "received_at": "2026-11-03T12:00:00.250Z",
            "recorded_at": "2026-11-03T12:00:00.250000Z",
            "key_id": "k",
            "batch_id": batch_id,
            "event_index": 0,
            "family": "benchmark",
            "metric_type": "benchmark_event",
            "sensitivity_class": "S0",
            "session_id": "bench:x",
            "metric_value": 1.5,
            "metadata": metadata,
        }
    ]


async def test_a_range_begins_with_since_and_ends_before_until(database_url: str) -> None:
    for moment in (SINCE, UNTIL, datetime(2026, 10, 31, 23, 59, 59, 999_000, tzinfo=UTC)):
        await store_batch(database_url, moment)
    assert [line["received_at"] for line in await exported(database_url)] == [
        "2026-11-01T00:00:00.000Z"
    ]


async def test_one_family_is_asked_for(database_url: str) -> None:
    for family in ("benchmark", "error"):
        await store_batch(database_url, SINCE, family=family, metric_value=None)
    lines = await exported(database_url, ALL._replace(family="error"))
    assert [(line["family"], line["metric_value"]) for line in lines] == [("error", None)]


async def test_events_come_in_the_order_in_which_they_were_received(database_url: str) -> None:
    for day in (5, 2, 4):
        await store_batch(database_url, SINCE.replace(day=day), events=2)
    lines = await exported(database_url)
    assert [(line["received_at"][8:10], line["event_index"]) for line in lines] == [
        ("02", 0),
        ("02", 1),
        ("04", 0),
        ("04", 1),
        ("05", 0),
        ("05", 1),
    ]


async def test_memory_does_not_grow_with_the_rows(database_url: str) -> None:
    await store_batch(database_url, SINCE, events=2_000)
    few = await peak_bytes(database_url)
    await store_batch(database_url, SINCE, events=38_000)
    assert await peak_bytes(database_url) < few * 2


async def peak_bytes(dsn: str) -> int:
    """Give the most memory that Python held while all rows went to nowhere."""
    async with operator_connection(dsn) as connection:
        tracemalloc.start()
        try:
            await export(connection, ALL, JsonLines(len))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


async def test_an_export_is_recorded_before_it_begins(database_url: str) -> None:
    async with operator_connection(database_url) as connection:
        await record_export(connection, ALL._replace(family="error"), "jsonl")
    rows = await run(database_url, "SELECT action, subject, detail::text FROM admin_log")
    assert [row[:2] for row in rows] == [("export", "jsonl")]
    assert json.loads(rows[0][2]) == {
        "since": "2026-11-01T00:00:00.000Z",
        "until": "2026-11-08T00:00:00.000Z",
        "family": "error",
    }


async def test_a_refusal_of_the_database_is_mapped(database_url: str) -> None:
    async with operator_connection(database_url) as connection:
        await connection.execute("ALTER TABLE batch RENAME TO away")
        with pytest.raises(StoreError, match="SQLSTATE 42P01"):
            await export(connection, ALL, JsonLines(len))
