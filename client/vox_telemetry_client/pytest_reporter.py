"""What the pytest reporter collects during a run, and writes at its end, however it ends.

Of a parametrised test the ids do not get in, only how many cases there were. Rows are written by
the process that a person started, which is told what workers of pytest-xdist saw. No exit code
changes: trouble with the store is said in the summary.

DO_NOT_TRACK keeps it silent, unlike `record`: who runs a project's tests has not chosen what its
configuration does.
"""

from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import pytest

from vox_telemetry_client.errors import InputRefusedError, TelemetryError
from vox_telemetry_client.pytest_modules import Modules
from vox_telemetry_client.recording import recording_switch
from vox_telemetry_client.settings import settings
from vox_telemetry_client.suite_timings import Case, CaseOutcome, SuiteTimings
from vox_telemetry_client.timing_event import BENCHMARK
from vox_telemetry_client.timing_names import Place, place_of
from vox_telemetry_spec.errors import RegistryError

RUN_NAME = "pytest_run"
_PHASES = frozenset({"setup", "call", "teardown"})
_RERUN = "rerun"  # the outcome that pytest-rerunfailures gives to an attempt that did not count


@dataclass(slots=True)
class _Attempt:
    """What is known of a case that is under way, by the reports that came in."""

    seconds: dict[str, float] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    reruns: int = 0

    def case(self) -> Case:
        """Return the case as it ended."""
        called = _outcome_of(self.outcomes.get("call", "skipped"))
        failed = "failed" in {word for when, word in self.outcomes.items() if when != "call"}
        return Case(
            CaseOutcome.ERROR if failed else called,
            None if called is CaseOutcome.SKIPPED else self.seconds.get("call"),
            self.seconds.get("setup"),
            self.seconds.get("teardown"),
            self.reruns,
        )


class Reporter:
    """Collects the reports of a run and writes its rows at the end."""

    def __init__(self, repository: str, path: Path | None, modules: Modules) -> None:
        """Take the repository id and the store's file; None means the default one."""
        self._repository = repository
        self._modules = modules
        self._path = path
        self._started = perf_counter()
        self._under_way: dict[tuple[str, str], _Attempt] = {}
        self._timings = SuiteTimings()
        self._said = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a phase of a case says; workers of pytest-xdist send theirs here."""
        if self._said:  # one could not be taken, and the rows are all of a run or none
            return
        try:
            self._take(report)
        except Exception as exc:  # noqa: BLE001 -- a run of tests must not fail for telemetry
            self._said = _nothing(exc)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what was collected, all of it or nothing."""
        try:
            self._said = self._said or self._write(session.exitstatus)
        except Exception as exc:  # noqa: BLE001 -- a run of tests must not fail for telemetry
            self._said = _nothing(exc)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was recorded, and where."""
        terminalreporter.write_line(f"vox timings: {self._said}")

    def _take(self, report: pytest.TestReport) -> None:
        # What a subtest says comes before the call that it is part of, and gives way to it.
        worker = getattr(report, "worker_id", "")
        if report.when not in _PHASES and not worker:  # it died; what it had begun ends with this
            for begun in [one for one in self._under_way if one[0] == report.nodeid]:
                worker = begun[1]
        key = (report.nodeid, worker)
        attempt = self._under_way.setdefault(key, _Attempt())
        if report.outcome == _RERUN:
            self._under_way[key] = _Attempt(reruns=attempt.reruns + 1)
            return
        attempt.outcomes[report.when or ""] = report.outcome
        if report.when in _PHASES:
            attempt.seconds[report.when] = report.duration
        if report.when not in {"setup", "call"}:  # teardown, or "???" of a worker that died
            self._timings.add(self._place(report.nodeid), self._under_way.pop(key).case())

    def _write(self, exitstatus: int) -> str:
        # The contract and its rules take longer to import than a small run takes.
        from vox_telemetry_client.suite_recording import (  # noqa: PLC0415 -- see above
            RunRow,
            record_suite,
        )

        reason = _off()
        if reason is not None:
            return f"nothing recorded: {reason}"
        path = self._path or settings().store
        run = RunRow(
            RUN_NAME,
            round(perf_counter() - self._started, 6),
            {
                "reporter": "pytest",
                "outcome": _exit_word(exitstatus),
                "functions": len(self._timings),
                "cases": self._timings.cases,
                "unfinished": len(self._under_way),
            },
        )
        kept = record_suite(self._timings, self._repository, "pytest", path, run=run)
        return f"{kept.in_words} in {path}"

    def _place(self, nodeid: str) -> Place:
        root_path, _, rest = nodeid.partition("::")
        module = self._modules.path(root_path)
        *classes, function = rest.partition("[")[0].split("::")
        scopes = [".".join([module.removesuffix(".py"), *classes])] if classes else []
        return place_of(function, [*scopes, module])


def _outcome_of(word: str) -> CaseOutcome:
    """Return the outcome of a call; pytest takes a word of a plugin for no pass and no failure."""
    try:
        return CaseOutcome(word)
    except ValueError:
        return CaseOutcome.SKIPPED


def _nothing(exc: Exception) -> str:
    # What is no error of ours says little without its kind.
    kind = "" if isinstance(exc, TelemetryError | RegistryError) else f"{type(exc).__name__}: "
    return f"nothing recorded: {kind}{exc}"


def refusal_of(repository: str) -> str | None:
    """Return why no row of this repository id could be kept, or None; asked before the run."""
    if _off() is not None:
        return None
    from vox_telemetry_client.suite_recording import check_of_names  # noqa: PLC0415 -- slow as well

    try:
        check_of_names(repository)
    except InputRefusedError as exc:
        return str(exc)
    except RegistryError:  # a damaged installation fails no run: said at the end
        return None
    return None


def _off() -> str | None:
    return recording_switch(asked=False)(BENCHMARK)


def _exit_word(exitstatus: int) -> str:
    """Return pytest's exit code as a token; a plugin may have made one up."""
    try:
        return pytest.ExitCode(exitstatus).name.lower()
    except ValueError:
        return "other"
