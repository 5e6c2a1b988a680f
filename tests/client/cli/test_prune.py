import json
from pathlib import Path

import pytest

from support.cli import run_cli
from support.local_databases import METADATA, make_database, original_database, query

PROGRAM = "vox-telemetry"
ROWS = [
    ("bench:demo", "benchmark_event", 1.0, METADATA, "2020-01-01 00:00:00"),
    ("bench:demo", "benchmark_event", 1.0, METADATA, "2020-01-01T00:00:00Z"),
    ("bench:demo", "benchmark_event", 1.0, METADATA, "2099-01-01T00:00:00Z"),
]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return make_database(
        original_database(tmp_path / "vox.db", ROWS), "CREATE TABLE notes (id INTEGER)"
    )


def test_a_plan_has_the_originals_shape_and_changes_nothing(db: Path, tmp_path: Path) -> None:
    before = db.read_bytes()
    document = json.loads(run_cli(PROGRAM, "prune", "plan", "--db", db, "--json").out)
    assert set(document) == {"policy", "tables", "without_rule"}
    assert document["policy"] == "contracts/db/retention-policy.yaml"
    assert document["without_rule"] == ["notes"]
    rows = {row["table"]: row for row in document["tables"]}
    assert rows["research_metrics"] == {
        "table": "research_metrics",
        "mode": "days",
        "would_delete": 2,
        "present": True,
        "days": 365,
        "time_column": "created_at",
    }
    assert rows["agents"] == {
        "table": "agents",
        "mode": "keep_forever",
        "would_delete": None,
        "present": True,
    }
    assert (rows["memories"]["would_delete"], rows["memories"]["present"]) == (None, False)
    told = run_cli(PROGRAM, "prune", "plan", "--db", db)
    assert [line.split() for line in told.out.splitlines()] == [
        ["TABLE", "KIND", "DAYS", "WOULD", "DELETE"],
        ["agents", "keep_forever"],
        ["research_metrics", "days", "365", "2"],
    ]
    assert told.err == "table 'notes' has no rule: nothing of it is deleted\n"
    assert db.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["vox.db"]


def test_without_the_flag_not_even_the_policy_is_read(db: Path, tmp_path: Path) -> None:
    before = db.read_bytes()
    ran = run_cli(PROGRAM, "prune", "apply", "--db", db, "--policy", "/no/such", cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "refusing prune apply without --i-understand; nothing was touched" in ran.err
    assert db.read_bytes() == before
    assert not (tmp_path / ".vox").exists()


def test_apply_deletes_what_the_plan_counts_and_keeps_a_record(db: Path, tmp_path: Path) -> None:
    arguments = ("prune", "apply", "--i-understand", "--db", db)
    document = json.loads(run_cli(PROGRAM, *arguments, "--json", cwd=tmp_path).out)
    assert document == {
        "policy": "contracts/db/retention-policy.yaml",
        "deleted": {"research_metrics": 2},
        "total": 2,
    }
    assert query(db, "SELECT id FROM research_metrics") == [(3,)]
    journal = tmp_path / ".vox" / "telemetry-upload-queue" / "journal.jsonl"
    (line,) = journal.read_text().splitlines()
    assert {name: value for name, value in json.loads(line).items() if name != "at"} == {
        "event": "pruned",
        "database": str(db),
        "policy": "contracts/db/retention-policy.yaml",
        "tables": {"research_metrics": 2},
    }
    assert run_cli(PROGRAM, *arguments, cwd=tmp_path).out == "deleted 0 rows\n"
    assert len(journal.read_text().splitlines()) == 1
    status = json.loads(run_cli(PROGRAM, "status", "--json", cwd=tmp_path).out)
    assert status["unreadable_journal_lines"] == 0


def test_a_policy_of_the_operators_own(db: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("tables: {research_metrics: {kind: manual}}")
    ran = run_cli(PROGRAM, "prune", "plan", "--db", db, "--policy", policy, "--json")
    assert json.loads(ran.out)["tables"][0]["would_delete"] is None
    for text, message in (
        ("tables: {research_metrics: {kind: days, days: 5}}", "has no time_column, expected one"),
        ("tables: {'a\"; DROP TABLE x': {kind: manual}}", "no plain identifier"),
        ("tables: {x: {kind: manual}}\n" + "#" * 1_048_576, "is longer than 1048576 bytes"),
    ):
        policy.write_text(text)
        ran = run_cli(PROGRAM, "prune", "plan", "--db", db, "--policy", policy)
        assert (ran.code, ran.out) == (1, "")
        assert message in ran.err
    ran = run_cli(PROGRAM, "prune", "plan", "--db", db, "--policy", tmp_path / "none")
    assert "none cannot be read: no such file" in ran.err


def test_a_journal_that_cannot_be_written_stops_the_deletion(db: Path, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    ran = run_cli(
        PROGRAM,
        "prune",
        "apply",
        "--i-understand",
        "--db",
        db,
        env={"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "open")},
    )
    assert (ran.code, "has mode 0755, expected 0700" in ran.err) == (1, True)
    assert query(db, "SELECT count(*) FROM research_metrics") == [(3,)]
