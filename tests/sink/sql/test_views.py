"""The views of each family, made from its contract, over the examples of that contract."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from support.events import REPOSITORY
from support.stored import run, store_batch
from vox_telemetry_sink.sql.views import ROW_COLUMNS, family_views
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.registry import Registry

CONTRACTS = Contracts(Registry.load())
FAMILIES = [family for family in CONTRACTS.registry.families if CONTRACTS.of(family)]
EXAMPLES = REPOSITORY / "spec/vox_telemetry_spec/contracts/examples"


def examples_of(schema_ref: str) -> list[dict[str, Any]]:
    name = Path(schema_ref).name.replace(".v1.schema.json", ".examples.json")
    document = json.loads((EXAMPLES / name).read_text(encoding="utf-8"))
    return [case["event"] for case in document["valid"]]


def test_the_generated_views_stand_in_the_schema(repository_root: Path) -> None:
    schema = repository_root / "sink/vox_telemetry_sink/sql/schema.sql"
    assert family_views(CONTRACTS) in schema.read_text(encoding="utf-8"), (
        "a contract changed: run make views, put its output into schema.sql, and write a migration"
    )


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.family)
async def test_a_familys_view_shows_each_member_of_its_contract(
    database_url: str, family: Any
) -> None:
    contract = CONTRACTS.of(family)
    assert contract is not None
    members = list(contract.document["properties"]["metadata"]["properties"])
    events = examples_of(family.schema_ref)
    assert events
    connection = await asyncpg.connect(database_url)
    try:
        await insert(connection, family, events)
        rows = await connection.fetch(f"TABLE event_{family.family} ORDER BY event_index")
        await connection.fetch(f"TABLE daily_{family.family}")
    finally:
        await connection.close()
    assert [len(row) for row in rows] == [len(ROW_COLUMNS) + len(members)] * len(events)
    for row, event in zip(rows, events, strict=True):
        shown = {name: row[name] for name in members}
        assert {name: plain(value) for name, value in shown.items()} == {
            name: event["metadata"].get(name) for name in members
        }
        assert row["metric_value"] == event["metric_value"]


def plain(value: Any) -> Any:
    """Give what JSON text holds; asyncpg gives jsonb as text."""
    return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value


async def insert(connection: asyncpg.Connection, family: Any, events: list[Any]) -> None:
    batch_id = uuid4()
    await connection.execute(
        "INSERT INTO batch VALUES ($1, 'key', decode(repeat('33', 32), 'hex'), NULL, '', '{}', $2,"
        " now(), now(), 'p', '1')",
        batch_id,
        len(events),
    )
    for index, event in enumerate(events):
        await connection.execute(
            "INSERT INTO event VALUES ($1, $2, now(), now(), $3, $4, 'S0', $5, $6, $7)",
            batch_id,
            index,
            family.family,
            event["metric_type"],
            event["session_id"],
            event["metric_value"],
            json.dumps(event["metadata"]),
        )


async def test_an_integer_written_as_1_0_is_no_trouble(database_url: str) -> None:
    await run(
        database_url,
        "WITH b AS (INSERT INTO batch SELECT gen_random_uuid(), 'k', decode(repeat('33', 32),"
        " 'hex'), NULL, '', '{}', 1, now(), now(), 'p', '1' RETURNING batch_id, received_at)"
        " INSERT INTO event SELECT batch_id, 0, received_at, received_at, 'build_summary',"
        " 'build.summary', 'S0', 's', NULL, '{\"wall_time_ms\": 1.0, \"outcome\": null}' FROM b",
    )
    shown = "SELECT wall_time_ms, outcome, error_count FROM event_build_summary"
    assert await run(database_url, shown) == [(1, None, None)]


async def test_events_are_counted_by_key_for_analysts(database_url: str) -> None:
    moment = datetime(2026, 11, 3, 23, 59, tzinfo=UTC)
    for key_id, events in (("a", 3), ("a", 2), ("b", 1)):
        await store_batch(database_url, moment, key_id=key_id, events=events)
    rows = await run(database_url, "SELECT * FROM events_by_key ORDER BY key_id")
    day = date(2026, 11, 3)
    assert rows == [("a", day, "benchmark", 5, 2), ("b", day, "benchmark", 1, 1)]
