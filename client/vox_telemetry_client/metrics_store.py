"""The local store: the original's table `research_metrics` in an SQLite file of this user alone.

Rows are `local_only`: they leave only as events that an operator enqueues from them.

The file is in WAL mode: a program that records does not wait for a reader, and a reader not for it,
and an append needs no fsync. Killing a process loses nothing that `append` returned for; a power
cut may lose the last rows, never the file. WAL needs shared memory, so the file belongs on a local
disk. The side files `-wal` and `-shm` get the mode of the file.
"""

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from vox_telemetry_client.database import Database
from vox_telemetry_client.errors import (
    StoreError,
    StoreForeignError,
    StoreFullError,
    os_words,
)
from vox_telemetry_client.files import FOLDER_MODE, is_no_space, sync_folder, write_new
from vox_telemetry_client.limits import LIST_DEFAULT_ROWS, LIST_MAX_ROWS, RECORD_WAIT_S
from vox_telemetry_client.metrics_row import Row, Value, stored_value
from vox_telemetry_spec.research_metrics import check_row

TABLE = "research_metrics"
COLUMNS = ("id", "session_id", "metric_type", "metric_value", "metadata_json", "created_at")
# The original's statement; a database of the original has the same columns.
_CREATE = (
    f"CREATE TABLE {TABLE} (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, "
    "metric_type TEXT NOT NULL, metric_value REAL, metadata_json TEXT, "
    "created_at TEXT NOT NULL DEFAULT (datetime('now')))"
)
_INSERT = (
    f"INSERT INTO {TABLE} (session_id, metric_type, metric_value, metadata_json, created_at) "  # noqa: S608 -- a constant
    "VALUES (?, ?, ?, ?, ?)"
)
# Marks files that we made (SQLite file format, section 1.3.8): "VOXT". Others are only read.
_APPLICATION_ID = 0x564F5854
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class MetricsStore:
    """An open store; belongs to the thread that opened it."""

    def __init__(self, path: Path, *, now: Callable[[], datetime]) -> None:
        """Open the store at `path`, made where it was missing; `now` (aware) stamps the rows.

        Raises:
            StoreForeignError: damaged, or the database of another program.
            StoreError: it cannot be made or opened, or others could read or change it.

        """
        if not os.path.lexists(path):
            _create(path)
        _check_private(path.parent, stat.S_ISDIR, "a folder")
        _check_private(path, stat.S_ISREG, "a file")
        self._now = now
        self._database = Database(path, mode="rw", wait_s=RECORD_WAIT_S)
        try:
            check_table(self._database)
            if self._database.run("PRAGMA application_id") != [(_APPLICATION_ID,)]:
                raise StoreForeignError(
                    f"{path} was made by another program, which is only read: name another file "
                    "for the store"
                )
            self._database.run("PRAGMA synchronous = NORMAL")
        except StoreError:
            self._database.close()
            raise

    def append(
        self,
        session_id: str,
        metric_type: str,
        metric_value: float | None = None,
        metadata_json: str | None = None,
    ) -> int:
        """Check a row, keep it and return its id; None stays NULL.

        Raises:
            RowRefusedError: the first rule of `research_metrics` that it breaks; nothing is kept.
            StoreFullError: the disk is full; nothing is kept.
            StoreBusyError: another process wrote for longer than RECORD_WAIT_S; nothing is kept.

        """
        check_row(session_id, metric_type, metadata_json)
        created_at = self._now().astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        return self._database.insert(
            _INSERT,
            (session_id, metric_type, stored_value(metric_value), metadata_json, created_at),
        )

    def together(self) -> AbstractContextManager[None]:
        """Return a block whose rows are kept all or none; other writers wait meanwhile.

        Raises:
            StoreBusyError: on entering, as of `append`.

        """
        return self._database.transaction()

    def rows(
        self,
        *,
        session_prefix: str = "",
        metric_type: str | None = None,
        limit: int = LIST_DEFAULT_ROWS,
    ) -> list[Row]:
        """Return the newest rows by id, newest first.

        `limit` is taken as the nearest of 1 to LIST_MAX_ROWS. `session_prefix` is matched as it
        stands, except that ASCII letters match in either case, as in the original.
        """
        where, values = condition(session_prefix, metric_type)
        return read(
            self._database,
            f"WHERE {where} ORDER BY id DESC LIMIT ?",
            (*values, min(max(limit, 1), LIST_MAX_ROWS)),
        )

    def close(self) -> None:
        """Give the file back."""
        self._database.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


def condition(session_prefix: str, metric_type: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the SQL condition of a prefix and a type, and the values that it binds."""
    escaped = session_prefix.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    where, values = r"session_id LIKE ? ESCAPE '\'", (f"{escaped}%",)
    return (
        (where, values)
        if metric_type is None
        else (
            f"{where} AND metric_type = ?",
            (*values, metric_type),
        )
    )


def read(database: Database, clauses: str, values: tuple[Value, ...]) -> list[Row]:
    """Return rows of the table; `clauses` is what follows FROM and never holds a value."""
    statement = f"SELECT {', '.join(COLUMNS)} FROM {TABLE} {clauses}"  # noqa: S608 -- see above
    return [Row(*found) for found in database.run(statement, values)]


def check_table(database: Database) -> None:
    """Check that the table is there and has the original's columns; more columns do no harm.

    Raises:
        StoreForeignError: it is not.

    """
    missing = [name for name in COLUMNS if name not in database.columns(TABLE)]
    if missing:
        raise StoreForeignError(
            f"{database.path} has no {TABLE} with {', '.join(missing)}: expected a database of "
            "vox-telemetry or of vox"
        )


def _create(path: Path) -> None:
    """Make the file beside its place and link it there: it is whole or absent, and one wins."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        _make_folder(path.parent)
        _check_private(path.parent, stat.S_ISDIR, "a folder")  # where it is not, nothing is made
        write_new(beside, b"")
        try:
            with Database(beside, mode="rw", wait_s=RECORD_WAIT_S) as made:
                made.run(_CREATE)
                made.run(f"PRAGMA application_id = {_APPLICATION_ID}")
                made.run("PRAGMA journal_mode = WAL")
            _link(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as exc:
        kind = StoreFullError if is_no_space(exc) else StoreError
        raise kind(
            f"the store {path} cannot be made: {os_words(exc)}; choose another place for it"
        ) from exc


def _make_folder(folder: Path) -> None:
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    # The default store lies in a repository, where it must not be committed by accident.
    (folder / ".gitignore").write_bytes(b"*\n")


def _link(beside: Path, path: Path) -> None:
    try:
        path.hardlink_to(beside)
    except FileExistsError:
        return  # another process was first, its store is as good


def _check_private(path: Path, is_kind: Callable[[int], bool], kind: str) -> None:
    try:
        found = path.lstat()
    except OSError as exc:
        raise StoreError(f"{path} cannot be read: {os_words(exc)}") from exc
    if not is_kind(found.st_mode):
        raise StoreForeignError(f"{path} is not {kind}, expected one that is no link")
    if not hasattr(os, "geteuid"):
        return  # Windows: the user's profile is guarded by its access control list
    if found.st_uid != os.geteuid():
        raise StoreError(
            f"{path} belongs to user {found.st_uid}, expected {os.geteuid()}: run as its owner, or "
            "choose another place for the store"
        )
    if found.st_mode & _OTHERS:
        raise StoreError(
            f"{path} has mode {stat.S_IMODE(found.st_mode):04o}, expected nothing for others: run "
            f"chmod go= '{path}', or choose a folder of its own for the store"
        )
