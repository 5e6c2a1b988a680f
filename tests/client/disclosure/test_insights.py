import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vox_telemetry_client.disclosure.insights import Insights, insights
from vox_telemetry_client.limits import VIEW_PAGE_ROWS
from vox_telemetry_client.metrics_store import MetricsStore

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "store" / "metrics.sqlite3"
    for day, rows in ((21, 3), (22, 1)):
        with MetricsStore(path, now=lambda day=day: NOON.replace(day=day)) as kept:
            for number in range(rows):
                kept.append("bench:x", "benchmark_event", float(number), '{"name":"a"}')
            kept.append("lint:x", "vox.lint.finding")
    return path


def test_rows_are_counted_by_type_and_by_day(store: Path) -> None:
    found = insights(store)
    assert found.total == 6
    assert [(one.metric_type, one.rows) for one in found.kinds] == [
        ("benchmark_event", 4),
        ("vox.lint.finding", 2),
    ]
    assert [(one.day, one.rows, one.share) for one in found.days] == [
        ("2026-11-22", 2, 0.5),
        ("2026-11-21", 4, 1.0),
    ]
    assert found.newest[0].metric_type == "vox.lint.finding"
    assert found.newest[0].metric_value is None


def test_nothing_is_made_or_changed_beside_the_store(store: Path) -> None:
    before = {one.name: one.stat().st_mtime_ns for one in store.parent.iterdir()}
    folder = store.parent.stat().st_mtime_ns
    insights(store)
    assert {one.name: one.stat().st_mtime_ns for one in store.parent.iterdir()} == before
    assert store.parent.stat().st_mtime_ns == folder


def test_what_a_program_is_recording_just_now_is_seen(store: Path) -> None:
    with MetricsStore(store, now=lambda: NOON) as kept:
        kept.append("bench:x", "benchmark_event", 9.0)
        assert insights(store).total == 7


def test_older_rows_are_on_later_pages(store: Path) -> None:
    with MetricsStore(store, now=lambda: NOON) as kept:
        for _ in range(VIEW_PAGE_ROWS):
            kept.append("bench:x", "benchmark_event")
    first = insights(store)
    assert (len(first.newest), first.before) == (VIEW_PAGE_ROWS, 7)
    second = insights(store, first.before)
    assert ([row.id for row in second.newest], second.before) == ([6, 5, 4, 3, 2, 1], 0)


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert insights(tmp_path / "none.sqlite3") == Insights(is_there=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no database at all, but longer than a header" * 30, "is damaged or no SQLite database"),
        (b"", "has no research_metrics"),
    ],
)
def test_a_damaged_store_has_words(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "metrics.sqlite3"
    path.write_bytes(content)
    trouble = insights(path).trouble
    assert said in trouble
    assert "--db" not in trouble  # `view` has no such option


def test_a_folder_in_its_place_has_words(tmp_path: Path) -> None:
    assert "is no regular file" in insights(tmp_path).trouble


def test_what_a_foreign_program_stored_is_shown_as_it_is(store: Path) -> None:
    with sqlite3.connect(store) as kept:
        kept.execute(
            "INSERT INTO research_metrics (session_id, metric_type, metric_value, metadata_json, "
            "created_at) VALUES (?, ?, ?, ?, ?)",
            (b"\xff<script>", 7, "text", b"{\xff", "yesterday"),
        )
    kept.close()
    found = insights(store)
    assert found.total == 7
    assert found.days[0].day == "yesterday"


def test_a_program_that_writes_without_a_wal_is_waited_for(store: Path) -> None:
    with closing(sqlite3.connect(store, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = DELETE")
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("UPDATE research_metrics SET session_id = 'bench:half-written'")
        assert "is held by another process" in insights(store).trouble
        writer.execute("ROLLBACK")
    assert insights(store).trouble == ""
