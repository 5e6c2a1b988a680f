import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.client_world import NOW
from support.local_databases import METADATA, make_database, original_database, query
from vox_telemetry_client import pruning
from vox_telemetry_client.database import Database
from vox_telemetry_client.errors import StoreError, StoreForeignError
from vox_telemetry_spec.retention import load_policy, parse_policy

POLICY = load_policy()
# 365 days before NOW, which is noon of 22 November 2026.
CUTOFF_DAY = "2025-11-22"


def rows(*times: Any) -> list[tuple[Any, ...]]:
    return [("bench:demo", "benchmark_event", 1.0, METADATA, time) for time in times]


def applied(path: Path, policy: Any = POLICY) -> dict[str, int]:
    recorded: list[dict[str, int]] = []
    with Database(path, mode="rw", wait_s=0.1) as database:
        counts = pruning.apply(database, policy, NOW, recorded.append)
    assert recorded == ([counts] if counts else [])
    return counts


def planned(path: Path, policy: Any = POLICY) -> dict[str, int | None]:
    with Database(path, mode="ro", wait_s=0.1) as database:
        found = pruning.plan(database, policy, NOW)
    return {one.table: one.would_delete for one in found.tables if one.present}


def test_a_row_of_the_cutoffs_day_goes_by_its_time_in_either_spelling(tmp_path: Path) -> None:
    before = [
        f"{CUTOFF_DAY} 11:59:59",
        f"{CUTOFF_DAY}T11:59:59Z",
        f"{CUTOFF_DAY}T13:59:59+02:00",
        f"{CUTOFF_DAY}T11:59:59.999Z",
        "2020-01-01 00:00:00",
    ]
    after = [
        f"{CUTOFF_DAY} 12:00:00",
        f"{CUTOFF_DAY}T12:00:00Z",
        f"{CUTOFF_DAY}T11:00:00-02:00",
        "2026-11-22 00:00:00",
        "2099-01-01T00:00:00Z",
    ]
    unreadable = ["12:00", "now", "2460000.5", "", b"\xff\xfe", 5, 1.5]
    path = original_database(tmp_path / "vox.db", rows(*before, *after, *unreadable))
    make_database(
        path,
        "INSERT INTO research_metrics (session_id, metric_type, created_at) "
        "VALUES ('s', 't', CAST(x'ff' AS TEXT))",
    )
    assert planned(path)["research_metrics"] == 5
    assert applied(path) == {"research_metrics": 5}
    assert query(path, "SELECT min(id), count(*) FROM research_metrics") == [(6, 13)]
    assert applied(path) == {}


def test_each_kind_of_rule(tmp_path: Path) -> None:
    ms = 1_000 * int((NOW - timedelta(days=90)).timestamp())
    path = make_database(
        tmp_path / "vox.db",
        "CREATE TABLE agent_exec_history (id INTEGER, recorded_at INTEGER)",
        f"INSERT INTO agent_exec_history VALUES (1, {ms - 1}), (2, {ms}), (3, NULL), (4, 'x')",  # noqa: S608 -- numbers
        "CREATE TABLE trusted_evidence_bundles (id INTEGER, expires_at TEXT)",
        "INSERT INTO trusted_evidence_bundles VALUES (1, '2026-11-22T11:59:59Z'), "
        "(2, '2026-11-22 12:00:00'), (3, NULL)",
        "CREATE TABLE agents (id INTEGER, created_at TEXT)",
        "INSERT INTO agents VALUES (1, '1999-01-01 00:00:00')",
        "CREATE TABLE conversation_messages (id INTEGER)",
        "CREATE TABLE my_notes (id INTEGER)",
        "INSERT INTO my_notes VALUES (1)",
    )
    with Database(path, mode="ro", wait_s=0.1) as database:
        found = pruning.plan(database, POLICY, NOW)
    assert found.without_rule == ["my_notes"]
    assert [one.table for one in found.tables] == list(POLICY)
    assert planned(path) == {
        "agent_exec_history": 1,
        "trusted_evidence_bundles": 1,
        "agents": None,
        "conversation_messages": None,
    }
    assert applied(path) == {"agent_exec_history": 1, "trusted_evidence_bundles": 1}
    for table, ids in (
        ("agent_exec_history", [2, 3, 4]),
        ("trusted_evidence_bundles", [2, 3]),
        ("agents", [1]),
        ("my_notes", [1]),
    ):
        assert [one for (one,) in query(path, f"SELECT id FROM {table}")] == ids  # noqa: S608 -- names above


def test_children_go_with_their_row(tmp_path: Path) -> None:
    path = make_database(
        tmp_path / "vox.db",
        "CREATE TABLE build_run (id INTEGER PRIMARY KEY, recorded_at TEXT)",
        "CREATE TABLE build_warning (run INTEGER REFERENCES build_run (id) ON DELETE CASCADE)",
        "INSERT INTO build_run VALUES (1, '2020-01-01T00:00:00Z'), (2, '2026-11-22T00:00:00Z')",
        "INSERT INTO build_warning VALUES (1), (1), (2)",
    )
    assert applied(path) == {"build_run": 1}
    assert query(path, "SELECT run FROM build_warning") == [(2,)]


def test_all_tables_or_none(tmp_path: Path) -> None:
    path = original_database(tmp_path / "vox.db", rows("2020-01-01 00:00:00"))
    make_database(
        path,
        "CREATE TABLE build_run (id INTEGER PRIMARY KEY, recorded_at TEXT)",
        "CREATE TABLE pinned (run INTEGER REFERENCES build_run (id))",
        "INSERT INTO build_run VALUES (1, '2020-01-01T00:00:00Z')",
        "INSERT INTO pinned VALUES (1)",
    )
    with pytest.raises(StoreError, match=r"SQLITE_CONSTRAINT.*a constraint of the table forbids"):
        applied(path)
    assert query(path, "SELECT count(*) FROM research_metrics") == [(1,)]


def test_nothing_goes_without_its_record(tmp_path: Path) -> None:
    path = original_database(tmp_path / "vox.db", rows("2020-01-01 00:00:00"))

    def refuse(_counts: dict[str, int]) -> None:
        raise StoreError("the journal is full")

    with (
        Database(path, mode="rw", wait_s=0.1) as database,
        pytest.raises(StoreError, match="the journal is full"),
    ):
        pruning.apply(database, POLICY, NOW, refuse)
    assert query(path, "SELECT count(*) FROM research_metrics") == [(1,)]


def test_a_column_that_is_not_there_stops_all(tmp_path: Path) -> None:
    path = original_database(tmp_path / "vox.db", rows("2020-01-01 00:00:00"))
    make_database(path, "CREATE TABLE memories (id INTEGER, at TEXT)")
    for attempt in (planned, applied):
        with pytest.raises(StoreForeignError, match=r"'memories' .* has no column 'created_at'"):
            attempt(path)
    assert query(path, "SELECT count(*) FROM research_metrics") == [(1,)]


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_no_byte_of_a_deleted_row_stays(tmp_path: Path, mode: str) -> None:
    canary = "canary-" + "q" * 40
    old = ("s", "t", None, json.dumps({"a": canary}), "2020-01-01 00:00:00")
    path = original_database(tmp_path / "vox.db", [old, *rows("2026-11-22 00:00:00")])
    make_database(path, f"PRAGMA journal_mode = {mode}")
    assert canary.encode() in path.read_bytes()
    # Another program has it open, so that closing does not empty the log; builds differ in the rest.
    with (
        closing(sqlite3.connect(path)) as other,
        Database(path, mode="rw", wait_s=0.1) as database,
    ):
        other.execute("SELECT count(*) FROM research_metrics").fetchall()
        database.run("PRAGMA secure_delete = OFF")
        assert pruning.apply(database, POLICY, NOW, lambda _: None) == {"research_metrics": 1}
        for one in tmp_path.iterdir():
            assert canary.encode() not in one.read_bytes()


def test_names_with_the_look_of_keywords_are_quoted(tmp_path: Path) -> None:
    path = make_database(
        tmp_path / "x.db",
        'CREATE TABLE "order" ("group" TEXT)',
        "INSERT INTO \"order\" VALUES ('2020-01-01 00:00:00')",
    )
    policy = parse_policy(b"tables: {order: {kind: days, days: 1, time_column: group}}", "mine")
    assert applied(path, policy) == {"order": 1}
