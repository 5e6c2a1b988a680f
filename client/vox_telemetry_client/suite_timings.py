"""The timings of a run of tests, summed up by test function. Pure.

A function with parameter sets has as many cases; a case counts once, with the outcome of its last
attempt. What a case was called, beyond its place, is never kept.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from vox_telemetry_client.timing_event import Detail
from vox_telemetry_client.timing_names import Place

_DIGITS = 6  # of seconds: no clock of a test runner is finer than a microsecond


class CaseOutcome(StrEnum):
    """What became of a case; the later one wins where cases of a function differ."""

    SKIPPED = "skipped"
    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"  # in setup or teardown, or the process died


_WORSE = list(CaseOutcome)


@dataclass(frozen=True, slots=True)
class Case:
    """One case as it ended; seconds are None where nobody measured or nothing ran."""

    outcome: CaseOutcome
    seconds: float | None = None
    setup_seconds: float | None = None
    teardown_seconds: float | None = None
    reruns: int = 0


@dataclass(slots=True)
class FunctionTiming:
    """The cases of one test function together."""

    outcomes: Counter[CaseOutcome] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    reruns: int = 0

    @property
    def cases(self) -> int:
        """How many there are."""
        return self.outcomes.total()

    @property
    def value(self) -> float | None:
        """The seconds of all cases together; None where none was measured, never 0."""
        return self.seconds.get("seconds")

    def add(self, case: Case) -> None:
        """Count a case."""
        self.outcomes[case.outcome] += 1
        self.reruns += case.reruns
        self._sum("setup_seconds", case.setup_seconds)
        self._sum("teardown_seconds", case.teardown_seconds)
        if case.seconds is not None:
            self._sum("seconds", case.seconds)
            self.seconds["max_seconds"] = max(self.seconds.get("max_seconds", 0.0), case.seconds)

    def merge(self, other: "FunctionTiming") -> None:
        """Count the cases of another function, for one that both lie in."""
        self.outcomes += other.outcomes
        self.reruns += other.reruns
        longest = max(self.seconds.get("max_seconds", 0.0), other.seconds.get("max_seconds", 0.0))
        for name, seconds in other.seconds.items():
            self._sum(name, seconds)
        if "max_seconds" in self.seconds:
            self.seconds["max_seconds"] = longest

    def details(self, reporter: str) -> dict[str, Detail]:
        """Return what a row says beside its scalar, by names and words of our own alone."""
        found: dict[str, Detail] = {
            "reporter": reporter,
            "outcome": max(self.outcomes, key=_WORSE.index).value,
            "cases": self.cases,
            "reruns": self.reruns,
        }
        found |= {outcome.value: self.outcomes[outcome] for outcome in CaseOutcome}
        for name, seconds in self.seconds.items():
            if name != "seconds":
                found[name] = round(seconds, _DIGITS)
        return found

    def _sum(self, name: str, seconds: float | None) -> None:
        if seconds is not None:
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds


class SuiteTimings:
    """The functions of a run, by place."""

    def __init__(self) -> None:
        """Begin with none."""
        self._places: dict[Place, FunctionTiming] = {}

    def __len__(self) -> int:
        """Return how many places there are: what is held in memory."""
        return len(self._places)

    @property
    def cases(self) -> int:
        """How many cases were added."""
        return sum(timing.cases for timing in self._places.values())

    def add(self, place: Place, case: Case) -> None:
        """Count a case for its place."""
        self._places.setdefault(place, FunctionTiming()).add(case)

    def named(self, may_be_sent: Callable[[str], bool]) -> "NamedTimings":
        """Return the functions by name: of each place's names, the first that may be sent."""
        found = NamedTimings()
        for place, timing in self._places.items():
            fits = all(map(may_be_sent, place.pieces))
            name = next(filter(may_be_sent, place.names if fits else place.around), None)
            if name is None:
                found.nameless += timing.cases
                continue
            if name != place.own:
                found.around += timing.cases
            found.functions.setdefault(name, FunctionTiming()).merge(timing)
        return found


@dataclass
class NamedTimings:
    """Timings by name; `around` counts cases under a wider name, `nameless` those without any."""

    functions: dict[str, FunctionTiming] = field(default_factory=dict)
    around: int = 0
    nameless: int = 0

    def rows(self, reporter: str) -> Iterator[tuple[str, float | None, dict[str, Detail]]]:
        """Yield name, seconds and details of each, in the order of the names."""
        for name, timing in sorted(self.functions.items()):
            value = None if timing.value is None else round(timing.value, _DIGITS)
            yield name, value, timing.details(reporter)
