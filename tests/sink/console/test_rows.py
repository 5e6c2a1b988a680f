from datetime import date

from vox_telemetry_sink.console.rows import (
    Count,
    DayCount,
    FamilyDay,
    FamilySum,
    by_day,
    by_family,
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


def test_families_are_summed_and_the_largest_is_first() -> None:
    rows = [
        FamilyDay(date(2026, 3, 1), "small", 1, 1),
        FamilyDay(date(2026, 3, 1), "large", 5, 2),
        FamilyDay(date(2026, 3, 2), "large", 6, 1),
    ]
    assert by_family(rows, WINDOW) == [
        FamilySum("large", 11, 3, [0, 5, 6]),
        FamilySum("small", 1, 1, [0, 1, 0]),
    ]
