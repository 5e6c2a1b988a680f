from datetime import UTC, datetime, timedelta, timezone

import pytest

from vox_telemetry_spec.times import format_time, parse_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "1985-04-12T23:20:50.52Z",
            datetime(1985, 4, 12, 23, 20, 50, 520_000, UTC),
        ),  # RFC 3339 5.8
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2024-02-29T23:59:59.999999999Z", datetime(2024, 2, 29, 23, 59, 59, 999_999, UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_reads_utc_times(text: str, expected: datetime) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-02-30T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-10T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T25:00:00Z",
        "2026-11-20T23:60:00Z",
        "1990-12-31T23:59:60Z",  # a leap second of RFC 3339 section 5.8: real, but not storable
        "2026-11-20T10:00:00z",
        "2026-11-20t10:00:00Z",
        "2026-11-20 10:00:00Z",
        "2026-11-20T10:00:00+00:00",
        "2026-11-20T10:00:00-00:00",
        "2026-11-20T10:00:00",
        "2026-11-20T10:00Z",
        "2026-11-20T10:00:00.Z",
        "2026-11-20T10:00:00,5Z",
        "2026-11-20T10:00:00.1234567890Z",
        "2026-11-20T10:00:00Z\n",
        " 2026-11-20T10:00:00Z",
        "20261120T100000Z",
        "2026-W47-5T10:00:00Z",
        "\u0662026-11-20T10:00:00Z",
        "2026-11-20T10:00:0\u0661Z",
        "+12026-11-20T10:00:00Z",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    assert parse_time(text) is None


def test_writes_milliseconds_in_utc() -> None:
    moment = datetime(2026, 11, 20, 12, 0, 0, 5_999, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(moment) == "2026-11-20T10:00:00.005Z"
    assert format_time(datetime(2026, 11, 20, tzinfo=UTC)) == "2026-11-20T00:00:00.000Z"
