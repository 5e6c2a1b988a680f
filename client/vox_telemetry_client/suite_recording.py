"""Keep the timings of a run of tests in the local store: all of its rows, or none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from vox_telemetry_client.counting import counted
from vox_telemetry_client.errors import InputRefusedError
from vox_telemetry_client.metrics_row import stored_metadata
from vox_telemetry_client.metrics_store import MetricsStore
from vox_telemetry_client.settings import now
from vox_telemetry_client.suite_timings import SuiteTimings
from vox_telemetry_client.timing_event import BENCHMARK, BenchmarkRow, Detail, benchmark_row
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.taxonomy import SensitivityClass
from vox_telemetry_spec.times import format_time

if TYPE_CHECKING:
    from vox_telemetry_spec.strict_json import JsonObject

SECONDS = "seconds"
_MEMO_MAX_NAMES = 65_536  # more than a run may have
_HARMLESS = "x"


@dataclass(frozen=True)
class RunRow:
    """The row for the run as a whole."""

    name: str
    seconds: float
    details: Mapping[str, Detail]


@dataclass(frozen=True)
class Recorded:
    """What was kept, and how many cases count under a wider name than theirs, or under none."""

    rows: int
    cases: int
    around: int
    nameless: int

    @property
    def in_words(self) -> str:
        """How many rows of how many cases."""
        cases = counted(self.cases, "test case", "test cases")
        return f"{counted(self.rows, 'row', 'rows')} of {cases}"


def record_suite(
    timings: SuiteTimings,
    repository_id: str,
    reporter: str,
    path: Path,
    *,
    run: RunRow | None = None,
) -> Recorded:
    """Keep one row for each test function of a run, in one transaction of the store at `path`.

    Raises:
        InputRefusedError: the repository id may not be uploaded.
        StoreError: the store cannot be written; nothing was kept.
        RegistryError: a packaged contract file is damaged.

    """
    may_be_sent = check_of_names(repository_id)
    named = timings.named(may_be_sent)
    rows = [
        benchmark_row(name, repository_id, seconds, SECONDS, details)
        for name, seconds, details in named.rows(reporter)
    ]
    if run is not None:
        rows.append(benchmark_row(run.name, repository_id, run.seconds, SECONDS, run.details))
    if rows:
        _keep(rows, path)
    return Recorded(len(rows), timings.cases, named.around, named.nameless)


def _keep(rows: list[BenchmarkRow], path: Path) -> None:
    with MetricsStore(path, now=now) as store, store.together():
        for row in rows:
            store.append(row.session_id, BENCHMARK, row.value, stored_metadata(row.metadata))


@lru_cache(1)  # a run of tests asks before it begins and when it ends
def check_of_names(repository_id: str) -> Callable[[str], bool]:
    """Return what tells whether `enqueue` will take a row of this name.

    Asked before anything is kept, since one refused row would keep out all others.

    Raises:
        InputRefusedError: the repository id may not be uploaded.
        RegistryError: a packaged contract file is damaged.

    """
    checker = Checker.load()

    def rules(repository: str, name: str) -> list[str]:
        event: JsonObject = {
            "metric_type": BENCHMARK,
            "session_id": f"bench:{repository}",
            "recorded_at": format_time(now()),
            "metric_value": None,
            "metadata": {"name": name, "repository_id": repository},
        }
        found = checker.check_event(event, 0, now=now(), ceiling=SensitivityClass.S1)
        return sorted({violation.rule for violation in found})

    if refused := rules(repository_id, _HARMLESS):
        raise InputRefusedError(
            f"the repository id breaks {', '.join(refused)}, expected 1 to 128 of "
            "A-Z a-z 0-9 _ . + - that name no person, place or remote"
        )

    @lru_cache(_MEMO_MAX_NAMES)
    def may_be_sent(name: str) -> bool:
        return not rules(_HARMLESS, name)

    return may_be_sent
