import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.client_world import NOW
from support.local_databases import RESEARCH_METRICS, make_database, original_database, query
from vox_telemetry_client.errors import StoreBusyError, StoreError, StoreForeignError
from vox_telemetry_client.metrics_store import MetricsStore
from vox_telemetry_spec.errors import RowRefusedError
from vox_telemetry_spec.research_metrics import check_row

APPENDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from vox_telemetry_client.metrics_store import MetricsStore
with MetricsStore(Path(sys.argv[1]), now=lambda: datetime.now(UTC)) as store:
    for number in range(int(sys.argv[2])):
        print(store.append("bench:demo", "benchmark_event", number), flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "metrics.sqlite3"


def opened(path: Path) -> MetricsStore:
    return MetricsStore(path, now=lambda: NOW)


def appender(path: Path, rows: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", APPENDER, str(path), str(rows)], stdout=subprocess.PIPE, text=True
    )


def test_the_table_is_the_originals(path: Path, tmp_path: Path) -> None:
    opened(path).close()
    original = make_database(tmp_path / "original", RESEARCH_METRICS)
    shape = (
        "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('research_metrics')"
    )
    assert query(path, shape) == query(original, shape)


def test_null_is_never_zero(path: Path) -> None:
    with opened(path) as store:
        assert [store.append("s", "t"), store.append("s", "t", 0.0, "free text")] == [1, 2]
    assert query(path, "SELECT * FROM research_metrics") == [
        (1, "s", "t", None, None, "2026-11-22 12:00:00"),
        (2, "s", "t", 0.0, "free text", "2026-11-22 12:00:00"),
    ]


def test_nobody_else_can_look(path: Path) -> None:
    before = os.umask(0)
    try:
        with opened(path) as store:
            store.append("s", "t")
            modes = {
                one.name: stat.S_IMODE(one.stat().st_mode)
                for one in (path.parent, *path.parent.iterdir())
                if one.name != ".gitignore"
            }
    finally:
        os.umask(before)
    assert modes == {
        "store": 0o700,
        "metrics.sqlite3": 0o600,
        "metrics.sqlite3-wal": 0o600,
        "metrics.sqlite3-shm": 0o600,
    }
    assert (path.parent / ".gitignore").read_text() == "*\n"


def test_a_refused_row_is_not_kept(path: Path) -> None:
    with opened(path) as store:
        for bad in (("", "t"), ("s", "bad/type"), ("s" * 513, "t"), ("s", "t" * 129)):
            with pytest.raises(RowRefusedError, match="telemetry validation: research_metrics: "):
                store.append(*bad)
        with pytest.raises(RowRefusedError, match="262145 bytes, expected at most 262144"):
            store.append("s", "t", None, "x" * 262_145)
        with pytest.raises(RowRefusedError, match="not finite"):
            store.append("s", "t", float("nan"))
        assert store.append("s" * 512, "t" * 128, None, "x" * 262_144) == 1


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.text(max_size=20),
            st.text("abZ09_.:-/ é", max_size=8) | st.sampled_from(["research_trial.x"]),
            st.none() | st.floats(allow_nan=False, allow_infinity=False),
            st.none() | st.text(max_size=20),
        ),
        max_size=8,
    )
)
def test_exactly_the_rows_that_the_rules_accept_come_back(
    rows: list[tuple[str, str, float | None, str | None]],
) -> None:
    kept = []
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "m.db") as store:
        for session_id, metric_type, value, metadata in rows:
            try:
                check_row(session_id, metric_type, metadata)
            except RowRefusedError:
                with pytest.raises(RowRefusedError):
                    store.append(session_id, metric_type, value, metadata)
            else:
                store.append(session_id, metric_type, value, metadata)
                kept.append((session_id, metric_type, value, metadata))
        found = [
            (one.session_id, one.metric_type, one.metric_value, one.metadata_json)
            for one in store.rows(limit=10_000)
        ]
    assert found == kept[::-1]


def test_lists_are_newest_first_and_wildcards_are_letters(path: Path) -> None:
    with opened(path) as store:
        for session_id in ("a%b", "a_b", "axb", "a\\b", "A_c"):
            store.append(session_id, "t")
        store.append("a_b", "u")

        def ids(prefix: str, metric_type: str | None = None) -> list[object]:
            return [one.id for one in store.rows(session_prefix=prefix, metric_type=metric_type)]

        assert ids("") == [6, 5, 4, 3, 2, 1]
        assert (ids("a%"), ids("a_"), ids("a\\")) == ([1], [6, 5, 2], [4])
        assert (ids("a_", "t"), ids("", "u"), ids("b")) == ([5, 2], [6], [])


@pytest.mark.parametrize(
    ("limit", "rows"), [(-5, 1), (0, 1), (1, 1), (3, 3), (10_000, 10_000), (10_001, 10_000)]
)
def test_a_limit_is_taken_as_1_to_10000(path: Path, limit: int, rows: int) -> None:
    with opened(path) as store:
        make_database(
            path,
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10005) "
            "INSERT INTO research_metrics (session_id, metric_type) SELECT 's', 't' FROM n",
        )
        assert len(store.rows(limit=limit)) == rows


def test_two_processes_make_it_and_append_at_once(path: Path) -> None:
    both = [appender(path, 200), appender(path, 200)]
    ids = [int(one) for process in both for one in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(ids) == list(range(1, 401))
    assert query(path, "SELECT count(*) FROM research_metrics") == [(400,)]
    assert sorted(one.name for one in path.parent.iterdir()) == [".gitignore", "metrics.sqlite3"]


def test_a_killed_program_loses_nothing_that_it_was_told(path: Path) -> None:
    with appender(path, 1_000_000) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(50)]
        process.send_signal(signal.SIGKILL)
        told += [int(one) for one in process.stdout.read().split("\n")[:-1]]
    with opened(path) as store:
        after = store.append("s", "t")
        kept = [one.id for one in store.rows(limit=10_000)]
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert set(told) <= set(kept)
    assert after in {len(told) + 1, len(told) + 2}  # one row may be kept and not yet told


def test_a_writer_does_not_wait_for_a_reader(path: Path) -> None:
    opened(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM research_metrics").fetchall()
        with opened(path) as store:
            assert store.append("s", "t") == 1


def test_a_writer_that_holds_it_too_long_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vox_telemetry_client.metrics_store.RECORD_WAIT_S", 0.05)
    opened(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with opened(path) as store, pytest.raises(StoreBusyError, match="nothing was changed"):
            store.append("s", "t")


def _two_rows_of_which_one_is_bad(store: MetricsStore) -> None:
    with store.together():
        store.append("s", "t", 3.0)
        store.append("s", "bad type")


def test_rows_together_are_all_kept_or_none(path: Path) -> None:
    with MetricsStore(path, now=lambda: NOW) as store:
        with store.together():
            store.append("s", "t", 1.0)
            store.append("s", "t", 2.0)
        with pytest.raises(RowRefusedError):
            _two_rows_of_which_one_is_bad(store)
        assert [row.metric_value for row in store.rows()] == [2.0, 1.0]


def test_others_databases_are_not_written(tmp_path: Path) -> None:
    original = original_database(tmp_path / "vox.db", [("s", "t", None, None, "2026-11-22")])
    original.chmod(0o600)
    with pytest.raises(StoreForeignError, match="was made by another program, which is only read"):
        opened(original)
    other = make_database(tmp_path / "places.db", "CREATE TABLE moz_places (url TEXT)")
    other.chmod(0o600)
    with pytest.raises(StoreForeignError, match="has no research_metrics with id, session_id"):
        opened(other)
    assert query(original, "SELECT count(*) FROM research_metrics") == [(1,)]


def test_an_unsafe_place_is_refused(path: Path, tmp_path: Path) -> None:
    opened(path).close()
    path.chmod(0o640)
    with pytest.raises(StoreError, match="has mode 0640, expected nothing for others"):
        opened(path)
    path.chmod(0o600)
    path.parent.chmod(0o755)
    with pytest.raises(StoreError, match="has mode 0755, expected nothing for others"):
        opened(path)
    path.parent.chmod(0o700)
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(StoreForeignError, match="link is not a file"):
        opened(tmp_path / "link")
    with pytest.raises(StoreForeignError, match="is not a file"):
        opened(path.parent)


@pytest.mark.parametrize("user", [1_234])
def test_anothers_store_is_refused(path: Path, user: int, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(path).close()
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.raises(StoreError, match=rf"belongs to user \d+, expected {user}"):
        opened(path)


def test_a_place_where_nothing_can_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be made: .*; choose another place for it$"):
        opened(tmp_path / "file" / "store" / "m.db")


def test_nothing_is_made_in_a_folder_that_others_can_read(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o755)
    with pytest.raises(
        StoreError, match=r"run chmod go= '[^']*/store', or choose a folder of its own"
    ):
        opened(path)
    assert list(path.parent.iterdir()) == []
