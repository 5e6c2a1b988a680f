"""A pytest reporter: one `benchmark_event` for each test function of a run, in the local store.

It is no entry point, so that an installed client touches nobody's runs. Whoever wants it says so:

    pytest -p vox_telemetry_client.pytest_timings --vox-timings-repository my-project

or names it in `pytest_plugins` of the conftest.py at the root, where it does nothing until the
option is given. Of a parametrised test neither the ids nor their number of kinds get in, only how
many cases there were. The rows are written when the run ends, however it ends, by the process
that a person started (with pytest-xdist, not by its workers), together with one row for the run.
It changes no exit code: trouble with the store is said in the summary.

DO_NOT_TRACK keeps it silent, unlike `record`: who runs a project's tests has not chosen what its
configuration does.
"""

from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from vox_telemetry_client.suite_timings import Case, SuiteTimings

# All else is imported when there is something to write: a run without the option pays for nothing.

_OPTION = "--vox-timings-repository"
_DB_OPTION = "--vox-timings-db"
_PHASES = frozenset({"setup", "call", "teardown"})
_RERUN = "rerun"  # the outcome that pytest-rerunfailures gives to an attempt that did not count
RUN_NAME = "pytest_run"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two options."""
    group = parser.getgroup("vox-telemetry", "timings in the local store of vox-telemetry")
    group.addoption(
        _OPTION,
        metavar="ID",
        help="record the run in the local store, with session id bench:ID; nothing is sent",
    )
    group.addoption(
        _DB_OPTION,
        metavar="PATH",
        help="the store's file; default: that of `vox-telemetry record`",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to collect, where it was asked for and this is no worker of pytest-xdist.

    Raises:
        pytest.UsageError: a store without a repository id.

    """
    repository: str | None = config.getoption(_OPTION)
    db: str | None = config.getoption(_DB_OPTION)
    if db is not None and repository is None:
        raise pytest.UsageError(f"{_DB_OPTION} needs {_OPTION}")
    if repository is not None and not hasattr(config, "workerinput"):
        path = None if db is None else config.invocation_params.dir / db
        config.pluginmanager.register(Reporter(repository, path), "vox-telemetry timings of a run")


@dataclass(slots=True)
class _Attempt:
    """What is known of a case that is under way, by the reports that came in."""

    seconds: dict[str, float] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    reruns: int = 0


class Reporter:
    """Collects the reports of a run and writes its rows at the end."""

    def __init__(self, repository: str, path: Path | None) -> None:
        """Take the repository id and the store's file; None means the default one."""
        self._repository = repository
        self._path = path
        self._started = perf_counter()
        self._under_way: dict[tuple[str, str], _Attempt] = {}
        self._ended: list[tuple[str, _Attempt]] = []
        self._said = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a phase of a case says; workers of pytest-xdist send theirs here."""
        if getattr(report, "context", None) is not None:
            return  # a subtest: its time is within that of the case
        key = (report.nodeid, getattr(report, "worker_id", ""))
        attempt = self._under_way.setdefault(key, _Attempt())
        if report.outcome == _RERUN:
            self._under_way[key] = _Attempt(reruns=attempt.reruns + 1)
            return
        attempt.outcomes[report.when or ""] = report.outcome
        if report.when in _PHASES:
            attempt.seconds[report.when] = report.duration
        if report.when not in {"setup", "call"}:  # teardown, or "???" of a worker that died
            self._ended.append((report.nodeid, self._under_way.pop(key)))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write what was collected, all of it or nothing."""
        try:
            self._said = self._write(exitstatus)
        except Exception as exc:  # noqa: BLE001 -- a run of tests must not fail for telemetry
            self._said = f"nothing recorded: {type(exc).__name__}: {exc}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was recorded, and where."""
        terminalreporter.write_line(f"vox timings: {self._said}")

    def _write(self, exitstatus: int) -> str:
        from vox_telemetry_client.recording import recording_switch  # noqa: PLC0415 -- see above
        from vox_telemetry_client.settings import all_off, settings  # noqa: PLC0415 -- see above
        from vox_telemetry_client.suite_recording import (  # noqa: PLC0415 -- see above
            RunRow,
            record_suite,
        )
        from vox_telemetry_client.timing_event import BENCHMARK  # noqa: PLC0415 -- see above

        off = all_off()
        reason = recording_switch()(BENCHMARK) if off is None else off.reason
        if reason is not None:
            return f"nothing recorded: {reason}"
        timings = self._timings()
        path = self._path or settings().store
        run = RunRow(
            RUN_NAME,
            round(perf_counter() - self._started, 6),
            {
                "reporter": "pytest",
                "outcome": _exit_word(exitstatus),
                "functions": len(timings),
                "cases": timings.cases,
                "unfinished": len(self._under_way),
            },
        )
        kept = record_suite(timings, self._repository, "pytest", path, run=run)
        return f"{kept.rows} rows of {kept.cases} test cases in {path}"

    def _timings(self) -> "SuiteTimings":
        from vox_telemetry_client.suite_timings import SuiteTimings  # noqa: PLC0415 -- see above
        from vox_telemetry_client.timing_names import place_of  # noqa: PLC0415 -- see above

        found = SuiteTimings()
        for nodeid, attempt in self._ended:
            module, _, rest = nodeid.partition("::")
            *classes, function = rest.partition("[")[0].split("::")
            scopes = (
                [".".join([module.removesuffix(".py"), *classes]), module] if classes else [module]
            )
            found.add(place_of(function, scopes), _case(attempt))
        return found


def _case(attempt: _Attempt) -> "Case":
    from vox_telemetry_client.suite_timings import Case, CaseOutcome  # noqa: PLC0415 -- see above

    called = attempt.outcomes.get("call")
    if "failed" in {word for when, word in attempt.outcomes.items() if when != "call"}:
        outcome = CaseOutcome.ERROR
    elif called is None:
        outcome = CaseOutcome.SKIPPED
    else:
        outcome = CaseOutcome(called)
    return Case(
        outcome,
        None if called == "skipped" else attempt.seconds.get("call"),
        attempt.seconds.get("setup"),
        attempt.seconds.get("teardown"),
        attempt.reruns,
    )


def _exit_word(exitstatus: int) -> str:
    """Return pytest's exit code as a token; a plugin may have made one up."""
    try:
        return pytest.ExitCode(exitstatus).name.lower()
    except ValueError:
        return "other"
