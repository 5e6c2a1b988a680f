from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.local_databases import METADATA, make_database, original_database, query
from vox_telemetry_client.check import Rules
from vox_telemetry_client.errors import StoreForeignError
from vox_telemetry_client.reading import ReadEvent
from vox_telemetry_client.store_events import StoreEvents, Wanted
from vox_telemetry_spec.checking import Checker

RULES = Rules(Checker.load(), datetime(2026, 11, 22, 12, 0, tzinfo=UTC))


def _on(_metric_type: str) -> None:
    return None


def bench(number: int = 0, created_at: str = "2026-11-22 12:00:00") -> tuple[Any, ...]:
    return ("bench:demo", "benchmark_event", number, METADATA, created_at)


def read(
    path: Path, rows: Sequence[Sequence[Any]], **wanted: Any
) -> tuple[list[ReadEvent], StoreEvents]:
    original_database(path, rows)
    store = StoreEvents(path, Wanted(**wanted), RULES, _on)
    return list(store.read()), store


def lines(path: Path, rows: Sequence[Sequence[Any]], **wanted: Any) -> list[int | None]:
    return [event.line for event in read(path, rows, **wanted)[0]]


def test_rows_come_oldest_first_over_all_pages(tmp_path: Path) -> None:
    before = tmp_path / "vox.db"
    assert lines(before, [bench(number) for number in range(601)]) == list(range(1, 602))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["vox.db"]
    assert query(before, "PRAGMA journal_mode") == [("delete",)]


def test_no_rows_are_no_events(tmp_path: Path) -> None:
    assert read(tmp_path / "vox.db", [])[0] == []


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"session_prefix": "mcp:"}, [2]),
        ({"session_prefix": "b_nch"}, []),
        ({"metric_type": "benchmark_event"}, [1, 3, 4, 5]),
        ({"metric_type": "benchmark"}, []),
        ({"since": datetime(2026, 11, 22, 12, 0, tzinfo=UTC)}, [1, 2, 4, 5]),
        ({"since": datetime(2026, 11, 22, 12, 0, 1, tzinfo=UTC)}, [5]),
    ],
)
def test_rows_are_chosen_by_type_session_and_time(
    tmp_path: Path, wanted: dict[str, Any], expected: list[int]
) -> None:
    rows = [
        bench(),
        ("mcp:demo", "socrates_surface", None, "{}", "2026-11-22T12:00:00Z"),
        bench(created_at="2026-11-22T11:59:59Z"),
        bench(created_at="2026-11-22T12:00:00Z"),
        bench(created_at="last week"),
    ]
    assert lines(tmp_path / "vox.db", rows, **wanted) == expected


def test_rows_that_may_not_be_enqueued_stay_and_are_counted(tmp_path: Path) -> None:
    rows = [
        ("lint:x", "vox.lint.finding", None, "{}", "2026-11-22 12:00:00"),
        ("lint:x", "vox.lint.finding", None, "free text", "2026-11-22 12:00:00"),
        bench(),
        ("socrates:retrieval", "memory_hybrid_fusion", None, "{}", "2026-11-22 12:00:00"),
        ("s", "my.own.type", None, None, "2026-11-22 12:00:00"),
        ("s", "/home/alice/secret", None, None, "2026-11-22 12:00:00"),
        ("s", "a" * 200, None, None, "2026-11-22 12:00:00"),
    ]
    events, store = read(tmp_path / "vox.db", rows)
    assert [event.line for event in events] == [3]
    assert store.staying == {
        ("vox.lint.finding", "policy.transmission-class"): 2,
        ("memory_hybrid_fusion", "policy.sensitivity-class"): 1,
        ("my.own.type", "contract.unknown-metric-type"): 1,
        ("(none)", "contract.unknown-metric-type"): 2,
    }


def test_odd_rows_of_another_program_are_told_one_by_one(tmp_path: Path) -> None:
    rows = [
        ("bench:demo", b"\x00\x01", None, None, "2026-11-22 12:00:00"),
        ("bench:demo", "benchmark_event", float("inf"), METADATA, "2026-11-22 12:00:00"),
        bench(1),
    ]
    events, _ = read(tmp_path / "vox.db", rows)
    assert [event.fault.rule if event.fault else None for event in events] == [
        "contract.type",
        "json.not-finite",
        None,
    ]


def test_more_columns_do_no_harm_and_fewer_do(tmp_path: Path) -> None:
    wider = original_database(tmp_path / "wider.db", [bench()])
    make_database(wider, "ALTER TABLE research_metrics ADD COLUMN note TEXT")
    store = StoreEvents(wider, Wanted(), RULES, _on)
    assert len(list(store.read())) == 1
    other = make_database(tmp_path / "x.db", "CREATE TABLE research_metrics (id INTEGER, at TEXT)")
    with pytest.raises(StoreForeignError, match="has no research_metrics with session_id, metric_"):
        list(StoreEvents(other, Wanted(), RULES, _on).read())


def test_a_kind_that_is_switched_off_stays(tmp_path: Path) -> None:
    path = original_database(
        tmp_path / "vox.db",
        [bench(), ("build:1", "build.summary", None, "{}", "2026-11-22 12:00:00")],
    )

    def switched_off(metric_type: str) -> str | None:
        return "off" if metric_type == "benchmark_event" else None

    store = StoreEvents(path, Wanted(), RULES, switched_off)
    assert [event.line for event in store.read()] == [2]
    assert store.staying == {("benchmark_event", "switched-off"): 1}


def test_an_s2_family_leaves_the_store_only_when_it_is_opted_in(tmp_path: Path) -> None:
    row = ("socrates:retrieval", "memory_hybrid_fusion", None, "{}", "2026-11-22 12:00:00")
    path = original_database(tmp_path / "vox.db", [row])
    for opted_in, taken in ((frozenset(), 0), (frozenset({"memory_hybrid_fusion_s2"}), 1)):
        rules = Rules(RULES.checker, RULES.now, opted_in)
        assert len(list(StoreEvents(path, Wanted(), rules, _on).read())) == taken
