import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from support.cli import Ran, run_cli
from support.postgres import in_own_loop
from support.stored import run, store_batch

MOMENT = datetime(2026, 11, 3, 12, tzinfo=UTC)
RANGE = ("--since", "2026-11-01", "--until", "2026-11-08T00:00:00Z")


@pytest.fixture
def filled_url(database_url: str) -> str:
    """Give a database with three events of two families."""
    metadata = {"name": "n", "details": {"ms": 1}}
    in_own_loop(lambda: store_batch(database_url, MOMENT, events=2, metadata=metadata))
    in_own_loop(lambda: store_batch(database_url, MOMENT, family="error"))
    return database_url


def export(url: str, *args: str | Path) -> Ran:
    env = {"VOX_SINK_DATABASE_URL": url}
    return run_cli("vox-telemetry-sink", "export", *RANGE, *args, env=env)


def test_jsonl_goes_to_stdout_and_the_count_to_stderr(filled_url: str) -> None:
    ran = export(filled_url)
    assert (ran.code, ran.err) == (0, "exported 3 events\n")
    families = [json.loads(line)["family"] for line in ran.out.splitlines()]
    assert sorted(families) == ["benchmark", "benchmark", "error"]
    logged = "SELECT action, subject, detail ->> 'family' FROM admin_log"
    assert in_own_loop(lambda: run(filled_url, logged)) == [("export", "jsonl", None)]


def test_a_file_appears_whole_and_for_its_owner_only(filled_url: str, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    out.write_text("of before")
    ran = export(filled_url, "--family", "benchmark", "--out", out)
    assert (ran.code, ran.out, ran.err) == (0, "", "exported 2 events\n")
    assert len(out.read_bytes().splitlines()) == 2
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [out]


def test_a_failed_export_leaves_the_file_as_it_was(filled_url: str, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    out.write_text("of before")
    in_own_loop(lambda: run(filled_url, "ALTER TABLE event RENAME TO away"))
    ran = export(filled_url, "--out", out)
    assert (ran.code, ran.out) == (1, "")
    assert "SQLSTATE 42P01" in ran.err
    assert out.read_text() == "of before"
    assert list(tmp_path.iterdir()) == [out]


def test_parquet_has_the_columns_of_the_family(filled_url: str, tmp_path: Path) -> None:
    out = tmp_path / "events.parquet"
    ran = export(filled_url, "--format", "parquet", "--family", "benchmark", "--out", out)
    assert (ran.code, ran.err) == (0, "exported 2 events\n")
    table = pq.read_table(out)
    assert table.schema.names[-4:] == ["name", "repository_id", "metric_value_unit", "details"]
    assert table["details"].to_pylist() == ['{"ms":1}'] * 2


def test_what_cannot_be_asked_for_is_a_usage_error(filled_url: str) -> None:
    for args, said in (
        (("--format", "parquet"), "--out FILE"),
        (("--family", "nonsense"), "no family"),
        (("--since", "yesterday"), "no time in UTC"),
    ):
        ran = export(filled_url, *args)
        assert ran.code == 2
        assert said in ran.err


def test_a_file_that_cannot_be_written_is_one_line(filled_url: str, tmp_path: Path) -> None:
    ran = export(filled_url, "--out", tmp_path / "missing" / "file")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "no such file or directory" in ran.err
