"""Local insights: what programs recorded on this machine, counted. It stays here; no telemetry.

The store is opened to be read alone. Where nobody writes into it, SQLite would still make its side
files; it is told then that the file does not change, and makes none.
"""

from dataclasses import dataclass
from pathlib import Path

from vox_telemetry_client.database import Database
from vox_telemetry_client.errors import StoreError
from vox_telemetry_client.limits import (
    RECORD_WAIT_S,
    VIEW_DAYS_MAX_ROWS,
    VIEW_KINDS_MAX_ROWS,
    VIEW_METADATA_MAX_CHARS,
    VIEW_PAGE_ROWS,
)
from vox_telemetry_client.metrics_row import Row, Value
from vox_telemetry_client.metrics_store import TABLE, check_table

_LOGS = ("-wal", "-journal")  # ours, and that of a foreign program without a WAL
_NEWEST_ID = 2**63 - 1
_DAY = "substr(created_at, 1, 10)"
# Foreign programs store anything: what is not text is shown as SQLite writes it, and cut short.
_ROWS = (
    f"SELECT id, session_id, metric_type, metric_value, "  # noqa: S608 -- constants
    f"substr(metadata_json, 1, {VIEW_METADATA_MAX_CHARS + 1}), created_at FROM {TABLE} "
    "WHERE id < ? ORDER BY id DESC LIMIT ?"
)
_KINDS = (
    "SELECT metric_type, count(*), min(created_at), max(created_at), count(*) OVER () "  # noqa: S608 -- constants
    f"FROM {TABLE} GROUP BY metric_type ORDER BY count(*) DESC, metric_type LIMIT ?"
)
_DAYS = f"SELECT {_DAY}, count(*) FROM {TABLE} GROUP BY {_DAY} ORDER BY {_DAY} DESC LIMIT ?"  # noqa: S608 -- constants


@dataclass(frozen=True)
class Kind:
    """A metric type: how many rows, and between which times."""

    metric_type: str
    rows: int
    first: str
    last: str


@dataclass(frozen=True)
class Day:
    """One day (UTC) and its rows; `share` is that of the fullest day, 0 to 1."""

    day: str
    rows: int
    share: float


@dataclass(frozen=True)
class Insights:
    """What the store holds; `newest` are rows before one id, and `before` begins the next page.

    `kinds` are those with the most rows, of `kinds_total` in all.
    """

    total: int = 0
    kinds_total: int = 0
    kinds: tuple[Kind, ...] = ()
    days: tuple[Day, ...] = ()
    newest: tuple[Row, ...] = ()
    before: int = 0
    trouble: str = ""
    is_there: bool = True


def insights(store: Path, before: int | None = None) -> Insights:
    """Return what the store at this path holds; a store in trouble has words in place of rows."""
    if not store.exists():
        return Insights(is_there=False)
    try:
        with Database(store, mode=_mode(store), wait_s=RECORD_WAIT_S) as database:
            check_table(database)
            return _read(database, _NEWEST_ID if before is None else before)
    except StoreError as exc:
        return Insights(trouble=str(exc))


def _read(database: Database, before: int) -> Insights:
    ((total,),) = database.run(f"SELECT count(*) FROM {TABLE}")  # noqa: S608 -- a constant
    kinds = database.run(_KINDS, (VIEW_KINDS_MAX_ROWS,))
    days = database.run(_DAYS, (VIEW_DAYS_MAX_ROWS,))
    newest = [Row(*one) for one in database.run(_ROWS, (before, VIEW_PAGE_ROWS + 1))]
    on_page = newest[:VIEW_PAGE_ROWS]
    fullest = max((_number(rows) for _, rows in days), default=1)
    return Insights(
        total=_number(total),
        kinds_total=_number(kinds[0][-1]) if kinds else 0,
        kinds=tuple(Kind(_text(one), _number(n), _text(a), _text(z)) for one, n, a, z, _ in kinds),
        days=tuple(Day(_text(day), _number(n), _number(n) / fullest) for day, n in days),
        newest=tuple(on_page),
        before=_number(on_page[-1].id) if len(newest) > len(on_page) else 0,
    )


def _mode(store: Path) -> str:
    """Return how to open the file: a log beside it says that somebody writes, or was killed."""
    logs = (store.with_name(f"{store.name}{end}") for end in _LOGS)
    return "ro" if any(map(_holds_something, logs)) else "ro&immutable=1"


def _holds_something(log: Path) -> bool:
    try:
        return log.stat().st_size > 0
    except OSError:
        return False


def _text(value: Value) -> str:
    return "(none)" if value is None else str(value)


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0
