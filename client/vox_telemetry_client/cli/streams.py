"""Print one JSON document or one table whose rows need not be in memory together."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

import msgspec

from vox_telemetry_client.cli import output

_PAGE_ROWS = 500  # the columns of a table are measured over so many rows
_GAP = "  "


def document(member: str, rows: Iterable[object], rest: Callable[[], Mapping[str, object]]) -> None:
    """Print `{member: [rows…], **rest}`; `rest` is asked when the rows have gone by.

    What reading the first row raises is raised before anything is printed.
    """
    coded = map(msgspec.json.encode, rows)
    first = next(coded, b"")
    output.raw(b"{" + msgspec.json.encode(member) + b":[" + first)
    while page := list(islice(coded, _PAGE_ROWS)):
        output.raw(b"," + b",".join(page))
    tail = msgspec.json.encode(rest()).removeprefix(b"{")
    output.raw(b"]" + (b"" if tail == b"}" else b",") + tail + b"\n")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings on a terminal, page by page, and plain lines elsewhere."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    left = iter(rows)
    while page := list(islice(left, _PAGE_ROWS)):
        if is_terminal:
            output.table(headings, page)
        else:
            for row in page:
                output.line(_GAP.join(row).rstrip())
