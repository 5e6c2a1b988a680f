"""What a page shows as CSV: RFC 4180, harmless where a spreadsheet opens it; pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

Cell = str | int | date | None

# A cell that begins with one of them is a formula to a spreadsheet (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_QUOTED: Final = frozenset('",\r\n')


class Sheet(NamedTuple):
    """A table to take away: `name` is of the file, without its ending."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]

    def text(self) -> str:
        """Return the whole file."""
        return "".join(_line(row) for row in (self.header, *self.rows))


def _line(row: Sequence[Cell]) -> str:
    return ",".join(map(_cell, row)) + "\r\n"


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if not isinstance(value, str):
        return str(value)
    guarded = f"'{value}" if value.startswith(_FORMULA) else value
    if _QUOTED.isdisjoint(guarded):
        return guarded
    return '"' + guarded.replace('"', '""') + '"'
