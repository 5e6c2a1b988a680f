"""Numbers, sizes and times as the console writes them; pure."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final

SEPARATOR: Final = "\u202f"  # narrow, and no line breaks at it
UNKNOWN: Final = "—"
_NAME_SHOWN_MAX_CHARS: Final = 80
_ID_SHOWN_CHARS: Final = 10
_KIB: Final = 1024
_SCALES: Final = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))
_TENTHS_UNDER: Final = 100


def number(value: int | None) -> str:
    """Return a whole number with thin separators; what is not known is a dash."""
    return UNKNOWN if value is None else f"{value:,}".replace(",", SEPARATOR)


def compact(value: float) -> str:
    """Return a number for an axis: 1500 is 1.5k."""
    for scale, letter in _SCALES:
        if abs(value) >= scale:
            return f"{value / scale:.3g}{letter}"
    return f"{value:g}"


def size(count_bytes: int | None) -> str:
    """Return bytes in the largest unit that leaves a number of at least 1."""
    if count_bytes is None:
        return UNKNOWN
    value, units = float(count_bytes), ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= _KIB and len(units) > 1:
        value, units = value / _KIB, units[1:]
    digits = 1 if units[0] != "B" and value < _TENTHS_UNDER else 0
    return f"{value:.{digits}f} {units[0]}"


def share(part: int, whole: int) -> str:
    """Return a part in percent."""
    if whole == 0:
        return UNKNOWN
    percent = 100 * part / whole
    return "under 0.1 %" if 0 < percent < 0.1 else f"{percent:.1f} %"  # noqa: PLR2004 -- what .1f shows


def milliseconds(seconds: float | None) -> str:
    """Return a mean time."""
    return UNKNOWN if seconds is None else f"{seconds * 1000:.1f} ms"


def moment(when: datetime | None) -> str:
    """Return a time to the minute, UTC, which the page says."""
    return UNKNOWN if when is None else f"{when.astimezone(UTC):%Y-%m-%d %H:%M}"


def day(when: date | None) -> str:
    """Return a day."""
    return UNKNOWN if when is None else when.isoformat()


def day_of(when: datetime | None) -> str:
    """Return the UTC day of a time."""
    return UNKNOWN if when is None else day(when.astimezone(UTC).date())


def short_name(name: str) -> str:
    """Return the beginning of a name that is too long for a table."""
    return name if len(name) <= _NAME_SHOWN_MAX_CHARS else f"{name[:_NAME_SHOWN_MAX_CHARS]}…"


def short_id(key_id: str) -> str:
    """Return the beginning of a key id; the whole one stands in its title."""
    return key_id if len(key_id) <= _ID_SHOWN_CHARS else f"{key_id[:_ID_SHOWN_CHARS]}…"


def plural(count: int, one: str, many: str) -> str:
    """Return a count with its noun."""
    return f"{number(count)} {one if count == 1 else many}"


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    made.__name__: made
    for made in (number, size, share, moment, day, day_of, short_name, short_id, plural)
}
