from datetime import date

from vox_telemetry_sink.console.rows import (
    Count,
    DayCount,
    DayEvents,
    FamilyDay,
    FamilySum,
    by_day,
    by_family,
    event_sums,
    events_by_day,
    events_of,
    sums,
)
from vox_telemetry_sink.console.windows import Window

WINDOW = Window(date(2026, 3, 2), 3)


def test_days_without_anything_are_zero_and_days_outside_are_not_there() -> None:
    rows = [
        (date(2026, 3, 1), "accepted", 2, 20),
        (date(2026, 3, 1), "rejected", 1, 7),
        (date(2026, 2, 27), "accepted", 9, 9),
    ]
    days = by_day(rows, WINDOW)
    zero = Count(0, 0)
    assert days == [
        DayCount(date(2026, 2, 28), zero, zero, zero),
        DayCount(date(2026, 3, 1), Count(2, 20), zero, Count(1, 7)),
        DayCount(date(2026, 3, 2), zero, zero, zero),
    ]
    assert sums(days) == DayCount(date(2026, 3, 2), Count(2, 20), zero, Count(1, 7))


def test_events_alone_are_the_same_days() -> None:
    rows = [(date(2026, 3, 1), "accepted", 20), (date(2026, 3, 2), "rejected", 7)]
    days = events_by_day([*rows, (date(2026, 2, 27), "accepted", 9)], WINDOW)
    assert days == [
        DayEvents(date(2026, 2, 28), 0, 0, 0),
        DayEvents(date(2026, 3, 1), 20, 0, 0),
        DayEvents(date(2026, 3, 2), 0, 0, 7),
    ]
    assert days == events_of(by_day([(*row[:2], 1, row[2]) for row in rows], WINDOW))
    more = [*days, DayEvents(date(2026, 3, 3), 1, 2, 3)]
    assert event_sums(more) == DayEvents(date(2026, 3, 3), 21, 2, 10)


def test_families_are_summed_and_the_largest_is_first() -> None:
    rows = [
        FamilyDay(date(2026, 3, 1), "small", 1),
        FamilyDay(date(2026, 3, 1), "large", 5),
        FamilyDay(date(2026, 3, 2), "large", 6),
        FamilyDay(date(2026, 3, 3), "large", 100),  # after midnight
        FamilyDay(date(2026, 3, 3), "tomorrow", 1),
        FamilyDay(date(2026, 3, 1), "also small", 1),
    ]
    assert by_family(rows, WINDOW) == [
        FamilySum("large", 11, [0, 5, 6]),
        FamilySum("also small", 1, [0, 1, 0]),
        FamilySum("small", 1, [0, 1, 0]),
    ]
