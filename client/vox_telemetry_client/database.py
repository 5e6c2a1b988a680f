"""One SQLite file, opened for one purpose; whatever is wrong with it becomes one line.

The only door to sqlite3. Text that is no UTF-8 comes with surrogates in place of the bytes, so that
one bad row of a foreign program does not hide the others.
"""

import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from vox_telemetry_client.errors import (
    StoreBusyError,
    StoreError,
    StoreForeignError,
    StoreFullError,
    os_words,
)
from vox_telemetry_client.metrics_row import Value

_PRIMARY_CODE = 0xFF  # extended result codes carry the primary one in their low byte
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_FOREIGN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_ADVICE = {
    sqlite3.SQLITE_CANTOPEN: (
        "its folder may forbid SQLite's side files: copy the database with its -wal file elsewhere"
    ),
    sqlite3.SQLITE_READONLY: "it may only be read: mend the modes of the file and its folder",
    sqlite3.SQLITE_IOERR: "the disk reports an error or a limit on file sizes is reached",
    sqlite3.SQLITE_CONSTRAINT: "a constraint of the table forbids it",
}


class Database:
    """A connection that commits each statement by itself outside of `transaction`.

    Belongs to the thread that opened it. Every method raises `StoreError` or one of its kinds.
    """

    def __init__(self, path: Path, *, mode: str, wait_s: float) -> None:
        """Open an existing file; `mode` is `ro` or `rw`, `wait_s` how long others may hold it.

        Raises:
            StoreError: absent, or it cannot be opened.
            StoreForeignError: no regular file.

        """
        self.path = path
        _check_file(path)
        with self._mapped():
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=wait_s,
                isolation_level=None,
            )
            self._connection.text_factory = _text

    def run(self, statement: str, values: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """Execute one statement and return its rows."""
        with self._mapped():
            return self._connection.execute(statement, values).fetchall()

    def insert(self, statement: str, values: Sequence[Value]) -> int:
        """Execute one INSERT and return the id of the new row."""
        with self._mapped():
            return self._connection.execute(statement, values).lastrowid or 0

    def change(self, statement: str) -> int:
        """Execute one statement and return how many rows it changed, without cascades."""
        with self._mapped():
            return self._connection.execute(statement).rowcount

    def define(self, name: str, function: Callable[[Value], bool]) -> None:
        """Let statements on this connection call `function`, which must not raise."""
        with self._mapped():
            self._connection.create_function(name, 1, function)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep what the block does, all or nothing; other writers are shut out meanwhile."""
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            with self._mapped():
                self._connection.rollback()
            raise

    def tables(self) -> list[str]:
        """Return the names of the tables, sorted, without SQLite's own."""
        found = self.run(
            r"SELECT name FROM sqlite_master WHERE type = 'table' "
            r"AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name"
        )
        return [str(name) for (name,) in found]

    def columns(self, table: str) -> list[str]:
        """Return the names of a table's columns, in their order; none where it does not exist."""
        return [
            str(name)
            for (name,) in self.run("SELECT name FROM pragma_table_info(?) ORDER BY cid", (table,))
        ]

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

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

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            raise _explained(self.path, exc) from exc


def _check_file(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as exc:
        raise StoreError(
            f"there is no database {path}, expected one: vox-telemetry record makes it, "
            "or name another with --db"
        ) from exc
    except OSError as exc:
        raise StoreError(f"the database {path} cannot be read: {os_words(exc)}") from exc
    if not stat.S_ISREG(mode):
        raise StoreForeignError(f"{path} is no regular file, expected an SQLite database")


def _explained(path: Path, exc: sqlite3.Error) -> StoreError:
    # The library's own words are left out: a trigger of a foreign database could put a value there.
    code = getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
    if code in _BUSY:
        return StoreBusyError(
            f"the database {path} is held by another process; nothing was changed, try again"
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreFullError(
            f"no space left for the database {path}: nothing was changed, make room and try again"
        )
    if code in _FOREIGN:
        return StoreForeignError(f"{path} is damaged or no SQLite database: name another one")
    name = getattr(exc, "sqlite_errorname", type(exc).__name__)
    advice = _ADVICE.get(code, "is it the database that you meant?")
    return StoreError(f"the database {path} cannot be used ({name}): {advice}")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
