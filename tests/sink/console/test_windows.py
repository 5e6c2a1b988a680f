from datetime import UTC, date, datetime, timedelta, timezone

from vox_telemetry_sink.console.windows import Window


def test_a_window_ends_with_today_and_counts_it() -> None:
    window = Window.of(datetime(2026, 3, 2, 0, 0, tzinfo=UTC), 3)
    assert window.every_day() == [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2)]
    assert window.since == datetime(2026, 2, 28, tzinfo=UTC)


def test_a_window_of_one_day_is_today() -> None:
    window = Window.of(datetime(2026, 3, 2, 23, 59, tzinfo=UTC), 1)
    assert window.every_day() == [date(2026, 3, 2)]


def test_today_is_that_of_utc() -> None:
    late = datetime(2026, 3, 2, 1, 0, tzinfo=timezone(timedelta(hours=5)))
    assert Window.of(late, 1).today == date(2026, 3, 1)
