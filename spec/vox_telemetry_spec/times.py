"""Times as the contract writes them: RFC 3339, UTC, with `Z`."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

# The hour is bounded here: newer Pythons read 24:00:00 as the next day, RFC 3339 has no hour 24.
_PATTERN = re.compile(
    r"(\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):\d{2}:\d{2})(?:\.(\d{1,9}))?Z", re.ASCII
)


def parse_time(text: str) -> datetime | None:
    """Return the time, or None where `text` is no real RFC 3339 time in UTC with `Z`.

    Digits past the microsecond are cut: Postgres and Python keep six. A leap second (`:60`) has no
    place in either and is no time here.
    """
    found = _PATTERN.fullmatch(text)
    if found is None:
        return None
    fraction = (found.group(2) or "")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{found.group(1)}.{fraction}").replace(tzinfo=UTC)
    except ValueError:
        return None


def span_of(texts: Sequence[str]) -> tuple[datetime, datetime] | None:
    """Return the earliest and the latest of times that already have the contract's shape.

    None where one is no real time (30 February, an hour 24); `parse_time` says which.
    """
    if "T24" in "".join(texts):
        return None
    try:
        moments = list(map(datetime.fromisoformat, texts))
    except ValueError:
        return None
    return min(moments), max(moments)


def format_time(moment: datetime) -> str:
    """Return `moment` (aware) with milliseconds, as every time that we write."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
