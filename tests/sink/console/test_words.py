from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from vox_telemetry_sink.console.words import (
    compact,
    day,
    day_of,
    milliseconds,
    moment,
    number,
    plural,
    share,
    short_id,
    short_name,
    size,
)


def test_numbers_have_thin_separators() -> None:
    assert [number(n) for n in (0, 999, 1000, 1234567, None)] == [
        "0",
        "999",
        "1\u202f000",
        "1\u202f234\u202f567",
        "—",
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (999, "999"),
        (1500, "1.5k"),
        (20_000, "20k"),
        (2_500_000, "2.5M"),
        (4e12, "4e+03G"),
    ],
)
def test_an_axis_is_short(value: int, written: str) -> None:
    assert compact(value) == written


def test_sizes_choose_their_unit() -> None:
    sizes = [size(n) for n in (0, 1023, 1024, 1_572_864, 200 * 1024**3, 5 * 1024**5, None)]
    assert sizes == ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "200 GiB", "5120 TiB", "—"]


def test_shares_say_when_they_are_tiny_or_of_nothing() -> None:
    assert [share(1, 3), share(0, 9), share(1, 100_000), share(0, 0)] == [
        "33.3 %",
        "0.0 %",
        "under 0.1 %",
        "—",
    ]


def test_times_are_of_utc() -> None:
    late = datetime(2026, 3, 2, 1, 30, 59, tzinfo=timezone(timedelta(hours=5)))
    assert (moment(late), day_of(late), moment(None)) == ("2026-03-01 20:30", "2026-03-01", "—")
    assert (day(date(2026, 3, 1)), day(None), day_of(None)) == ("2026-03-01", "—", "—")
    assert moment(datetime(2026, 3, 1, tzinfo=UTC)) == "2026-03-01 00:00"


def test_long_names_and_ids_are_cut() -> None:
    assert short_name("x" * 80) == "x" * 80
    assert short_name("x" * 10_000) == "x" * 80 + "…"
    assert (short_id("0123456789"), short_id("0123456789a")) == ("0123456789", "0123456789…")


def test_counts_have_their_noun() -> None:
    assert plural(1, "key", "keys") == "1 key"
    assert plural(2000, "key", "keys") == "2\u202f000 keys"
    assert [milliseconds(0.0123), milliseconds(None)] == ["12.3 ms", "—"]
