"""What the console shows, as values: figures by day, families, keys, rejections, storage; pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from vox_telemetry_sink.console.windows import Window
from vox_telemetry_sink.key_rows import ListedKey
from vox_telemetry_spec.violations import Violation

OUTCOMES: Final = ("accepted", "duplicate", "rejected")


class Count(NamedTuple):
    """Batches and the events in them."""

    batches: int = 0
    events: int = 0

    def plus(self, other: "Count") -> "Count":
        """Return both together."""
        return Count(self.batches + other.batches, self.events + other.events)


class DayCount(NamedTuple):
    """What became of a day's uploads."""

    day: date
    accepted: Count
    duplicate: Count
    rejected: Count


class DayEvents(NamedTuple):
    """The events of a day's uploads by what became of them."""

    day: date
    accepted: int
    duplicate: int
    rejected: int


class FamilyDay(NamedTuple):
    """How many events of a family were stored on a day."""

    day: date
    family: str
    events: int


class FamilySum(NamedTuple):
    """A family over a window: all its events, and those of each day."""

    family: str
    events: int
    by_day: list[int]


class KeyFigures(NamedTuple):
    """A key, its state now, and what it sent lately."""

    key: ListedKey
    state: str
    last_seen: datetime | None
    versions: list[str]  # the last by their text first
    batches: int
    events: int
    rejected: int


class ProblemSum(NamedTuple):
    """Refused batches of a problem type; `events` None where none of them was read so far."""

    problem: str
    batches: int
    events: int | None
    keys: int


class PlaceSum(NamedTuple):
    """How often a rule was broken at a place; array indexes are as the rejections have them."""

    problem: str
    rule: str
    pointer: str
    violations: int
    batches: int
    keys: int
    first_at: datetime
    last_at: datetime


class RefusedBatch(NamedTuple):
    """One refused batch."""

    rejected_at: datetime
    key_id: str
    key_name: str | None
    problem: str
    violations: list[Violation]
    content_sha256: str
    event_count: int | None


class HiddenProblem(NamedTuple):
    """As `ProblemSum`, of those days alone that k-anonymity shows; no count of keys."""

    problem: str
    batches: int
    events: int | None
    days: int


class HiddenRule(NamedTuple):
    """How often a rule was broken on those days that k-anonymity shows."""

    problem: str
    rule: str
    violations: int
    first_day: date
    last_day: date


class Partition(NamedTuple):
    """A month of events; `month` None of the default one, or what an operator attached."""

    name: str
    size_bytes: int
    rows_estimate: int | None
    is_default: bool
    month: date | None


class TableSize(NamedTuple):
    """A table with its indexes."""

    name: str
    size_bytes: int
    rows_estimate: int | None


def by_day(rows: Iterable[tuple[date, str, int, int]], window: Window) -> list[DayCount]:
    """Return a row for each day of the window, zeros where nothing came."""
    counts: dict[tuple[date, str], Count] = {
        (day, outcome): Count(batches, events) for day, outcome, batches, events in rows
    }
    return [
        DayCount(day, *(counts.get((day, outcome), Count()) for outcome in OUTCOMES))
        for day in window.every_day()
    ]


def events_by_day(rows: Iterable[tuple[date, str, int]], window: Window) -> list[DayEvents]:
    """Return a row for each day of the window, zeros where nothing came or all of it is hidden."""
    events = {(day, outcome): count for day, outcome, count in rows}
    return [
        DayEvents(day, *(events.get((day, outcome), 0) for outcome in OUTCOMES))
        for day in window.every_day()
    ]


def events_of(days: Sequence[DayCount]) -> list[DayEvents]:
    """Return the events alone."""
    return [DayEvents(each.day, *(count.events for count in each[1:])) for each in days]


def sums(days: Sequence[DayCount]) -> DayCount:
    """Return the days together, under the last one's name."""
    total = DayCount(days[-1].day, Count(), Count(), Count())
    for day in days:
        total = DayCount(total.day, *(a.plus(b) for a, b in zip(total[1:], day[1:], strict=True)))
    return total


def event_sums(days: Sequence[DayEvents]) -> DayEvents:
    """Return the days together, under the last one's name."""
    return DayEvents(
        days[-1].day,
        sum(each.accepted for each in days),
        sum(each.duplicate for each in days),
        sum(each.rejected for each in days),
    )


def by_family(rows: Iterable[FamilyDay], window: Window) -> list[FamilySum]:
    """Return each family that has events in the window, the largest first."""
    every_day = window.every_day()
    events: dict[str, dict[date, int]] = defaultdict(dict)
    for row in rows:
        if row.day in every_day:  # midnight may pass between the window and the reading
            events[row.family][row.day] = row.events
    found = [
        FamilySum(
            family,
            sum(of_days.values()),
            [of_days.get(day, 0) for day in every_day],
        )
        for family, of_days in events.items()
    ]
    return sorted(found, key=lambda each: (-each.events, each.family))
