import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.local_databases import query
from vox_telemetry_client.check import Rules
from vox_telemetry_client.errors import InputRefusedError, StoreError
from vox_telemetry_client.metrics_store import MetricsStore
from vox_telemetry_client.store_events import StoreEvents, Wanted
from vox_telemetry_client.suite_recording import Recorded, RunRow, record_suite
from vox_telemetry_client.suite_timings import Case, CaseOutcome, SuiteTimings
from vox_telemetry_client.timing_names import place_of
from vox_telemetry_spec.checking import Checker

ROWS = "SELECT session_id, metric_type, metric_value, metadata_json FROM research_metrics"
# Each breaks a forbidden-field rule (identifier.ipv4, secret.aws-access-key).
FORBIDDEN = ("test_ip_10_0_0_1", "AKIAIOSFODNN7EXAMPLE")


def suite(*functions: str) -> SuiteTimings:
    found = SuiteTimings()
    for function in functions:
        found.add(place_of(function, ["tests.test_x"]), Case(CaseOutcome.PASSED, 1.0))
    return found


def test_one_row_a_function_and_one_for_the_run(tmp_path: Path) -> None:
    path = tmp_path / "store" / "m.db"
    run = RunRow("pytest_run", 2.5, {"outcome": "ok"})
    kept = record_suite(suite("test_a", "test_b"), "r", "pytest", path, run=run)
    assert kept == Recorded(rows=3, cases=2, around=0, nameless=0)
    found = [(*row[:3], json.loads(row[3])["name"]) for row in query(path, ROWS)]
    assert found == [
        ("bench:r", "benchmark_event", 1.0, "tests.test_x.test_a"),
        ("bench:r", "benchmark_event", 1.0, "tests.test_x.test_b"),
        ("bench:r", "benchmark_event", 2.5, "pytest_run"),
    ]


def test_whatever_the_functions_are_called_enqueue_takes_every_row(tmp_path: Path) -> None:
    path = tmp_path / "store" / "m.db"
    kept = record_suite(suite("test_a", "test_größe", "x" * 200, *FORBIDDEN), "r", "junit", path)
    assert (kept.rows, kept.around) == (4, 2)
    rules = Rules(Checker.load(), datetime.now(UTC))
    events = list(StoreEvents(path, Wanted(), rules, lambda _: None).read())
    assert (len(events), rules.violations(events)) == (4, [])
    assert not any(word in str(query(path, ROWS)) for word in ("10_0_0_1", "AKIA"))


@pytest.mark.parametrize("repository", ["a:b", "two words", "", "-home-alice-proj", "x" * 129])
def test_a_repository_id_that_may_not_be_sent_is_refused_first(
    tmp_path: Path, repository: str
) -> None:
    with pytest.raises(InputRefusedError, match="the repository id breaks"):
        record_suite(suite("test_a"), repository, "pytest", tmp_path / "store" / "m.db")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_on_the_way_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store" / "m.db"
    real, calls = MetricsStore.append, []

    def full_at_the_second(self: MetricsStore, *args: object) -> int:
        calls.append(args)
        if len(calls) == 2:
            raise StoreError("no space left")
        return real(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(MetricsStore, "append", full_at_the_second)
    with pytest.raises(StoreError, match="no space left"):
        record_suite(suite("test_a", "test_b"), "r", "pytest", path)
    assert query(path, ROWS) == []


def test_no_functions_make_no_store(tmp_path: Path) -> None:
    kept = record_suite(suite(), "r", "junit", tmp_path / "store" / "m.db")
    assert (kept.rows, list(tmp_path.iterdir())) == (0, [])
