import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.local_databases import make_database, query
from vox_telemetry_client.database import Database
from vox_telemetry_client.errors import (
    StoreBusyError,
    StoreError,
    StoreForeignError,
    StoreFullError,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_database(
        tmp_path / "odd ?#%.db",
        "CREATE TABLE t (name TEXT UNIQUE, size REAL)",
        "INSERT INTO t VALUES ('secret-canary', 1.5), (NULL, NULL)",
    )


def opened(path: Path, mode: str = "rw") -> Database:
    return Database(path, mode=mode, wait_s=0.05)


def _half_a_change(database: Database) -> None:
    database.run("DELETE FROM t")
    database.run("no SQL")


def test_rows_and_null_come_as_they_are(path: Path) -> None:
    with opened(path, "ro") as database:
        assert database.run("SELECT * FROM t ORDER BY rowid") == [
            ("secret-canary", 1.5),
            (None, None),
        ]
        assert (database.tables(), database.columns("t"), database.columns("none")) == (
            ["t"],
            ["name", "size"],
            [],
        )


def test_a_database_opened_to_read_cannot_be_written(path: Path) -> None:
    with opened(path, "ro") as database, pytest.raises(StoreError, match="SQLITE_READONLY"):
        database.run("DELETE FROM t")
    assert query(path, "SELECT count(*) FROM t") == [(2,)]


def test_text_that_is_no_utf_8_does_not_hide_the_other_rows(path: Path) -> None:
    make_database(path, "INSERT INTO t VALUES (CAST(x'ff41' AS TEXT), 2.5)")
    with opened(path) as database:
        assert [size for _, size in database.run("SELECT * FROM t")] == [1.5, None, 2.5]


def test_a_failed_block_changes_nothing(path: Path) -> None:
    with opened(path) as database:
        with pytest.raises(StoreError, match="SQLITE_ERROR"), database.transaction():
            _half_a_change(database)
        assert database.run("SELECT count(*) FROM t") == [(2,)]
        with database.transaction():
            assert database.change("DELETE FROM t") == 2
    assert query(path, "SELECT count(*) FROM t") == [(0,)]


def test_a_held_database_is_busy(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with opened(path) as database, pytest.raises(StoreBusyError, match="another process"):
            database.run("SELECT * FROM t")


def test_a_full_disk_is_told_and_changes_nothing(path: Path) -> None:
    with opened(path) as database:
        database.run(f"PRAGMA max_page_count = {database.run('PRAGMA page_count')[0][0]}")
        with pytest.raises(StoreFullError, match=r"no space left .*: nothing was changed"):
            database.insert("INSERT INTO t VALUES (?, 1)", ("x" * 9_000,))
    assert query(path, "SELECT count(*) FROM t") == [(2,)]


@pytest.mark.parametrize("damaged", [b"no database at all, " * 300, b"SQLite format 3\x00"])
def test_what_is_no_database_is_told_in_one_line(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "x").write_bytes(damaged)
    with opened(tmp_path / "x", "ro") as database, pytest.raises(StoreForeignError) as told:
        database.run("SELECT * FROM sqlite_master")
    assert "is damaged or no SQLite database" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_damaged_page_is_told(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4_096] + b"\xa5" * (len(whole) - 4_096))
    with opened(path, "ro") as database, pytest.raises(StoreForeignError, match="is damaged"):
        database.run("SELECT * FROM t")


def test_a_broken_constraint_does_not_tell_the_value(path: Path) -> None:
    with opened(path) as database, pytest.raises(StoreError, match="SQLITE_CONSTRAINT") as told:
        database.insert("INSERT INTO t VALUES (?, 1)", ("secret-canary",))
    assert "canary" not in str(told.value)


def test_a_triggers_words_are_not_repeated(path: Path) -> None:
    make_database(
        path,
        "CREATE TRIGGER g BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'secret-canary'); END",
    )
    with opened(path) as database, pytest.raises(StoreError, match="cannot be used") as told:
        database.change("DELETE FROM t")
    assert "canary" not in str(told.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreForeignError, match="is no regular file"):
        opened(tmp_path)
    with pytest.raises(StoreError, match=r"there is no database .* vox-telemetry record makes it"):
        opened(tmp_path / "absent", "ro")
    assert not (tmp_path / "absent").exists()
    with pytest.raises(StoreError, match="cannot be read: file name too long"):
        opened(tmp_path / ("x" * 300))
