"""Stream the events of a time range out of the database: a cursor, so memory does not grow."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import msgspec

from vox_telemetry_sink.admin_log import log_admin
from vox_telemetry_sink.database import QUERIES, Connection, mapped_driver_errors
from vox_telemetry_spec.limits import EXPORT_FETCH_MAX_COUNT
from vox_telemetry_spec.times import format_time

# In the order of the query; metadata comes last and is JSON text.
EXPORT_COLUMNS: Final = (
    "received_at",
    "recorded_at",
    "key_id",
    "batch_id",
    "event_index",
    "family",
    "metric_type",
    "sensitivity_class",
    "session_id",
    "metric_value",
    "metadata",
)
Row: TypeAlias = tuple[Any, ...]


class Selection(NamedTuple):
    """Events received from `since` on and before `until`, of one family or of all."""

    since: datetime
    until: datetime
    family: str | None


class RowWriter(Protocol):
    """Writes rows of EXPORT_COLUMNS in some format."""

    def write(self, rows: list[Row]) -> None:
        """Write some rows."""

    def finish(self) -> None:
        """Write what the format wants at its end."""


async def export(connection: Connection, selection: Selection, writer: RowWriter) -> int:
    """Write the selected events in the order in which they came; return how many.

    Raises:
        StoreError: the database refused.
        StoreUnavailableError: it does not answer, or the connection was lost on the way.

    """
    count = 0
    async for rows in _chunks(connection, selection):
        writer.write(rows)
        count += len(rows)
    writer.finish()
    return count


async def record_export(connection: Connection, selection: Selection, format_name: str) -> None:
    """Write to admin_log that an export begins: whatever leaves has its line, broken off or not.

    Raises:
        StoreError: the database refused.
        StoreUnavailableError: it does not answer.

    """
    detail = {
        "since": format_time(selection.since),
        "until": format_time(selection.until),
        "family": selection.family,
    }
    with mapped_driver_errors():
        await log_admin(connection, "export", format_name, detail)


async def _chunks(connection: Connection, selection: Selection) -> AsyncIterator[list[Row]]:
    with mapped_driver_errors():
        transaction = connection.transaction(isolation="repeatable_read", readonly=True)
        await transaction.start()
        cursor = await connection.cursor(QUERIES["export_events"], *selection)
    while True:
        with mapped_driver_errors():
            rows = await cursor.fetch(EXPORT_FETCH_MAX_COUNT)
        if not rows:
            break
        yield [tuple(row) for row in rows]
    with mapped_driver_errors():
        await transaction.commit()


class JsonLines:
    """One JSON object a line, with the columns as members and the metadata as it is."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        """`write` takes bytes, as that of a binary file."""
        self._write = write

    def write(self, rows: list[Row]) -> None:
        """Write some rows."""
        self._write(b"".join(map(_line, rows)))

    def finish(self) -> None:
        """Add nothing: each line is whole."""


def _line(row: Row) -> bytes:
    document = dict(zip(EXPORT_COLUMNS, row, strict=True))
    document["received_at"] = format_time(document["received_at"])
    document["recorded_at"] = _with_microseconds(document["recorded_at"])
    document["metadata"] = msgspec.Raw(document["metadata"])
    return msgspec.json.encode(document) + b"\n"


def _with_microseconds(moment: datetime) -> str:
    """Return the client's time with all digits that are kept; `format_time` would cut them."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
