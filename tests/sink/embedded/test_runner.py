import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from support.processes import is_running, kill_now, server_pid
from vox_telemetry_sink.embedded import EmbeddedPostgresError, running_postgres
from vox_telemetry_sink.embedded.lock import turn

Ask = Callable[[str, str], Any]

# Prints its DSN, keeps the server in use until its stdin ends.
OTHER_PROCESS = """
import sys
from pathlib import Path
from vox_telemetry_sink.embedded import running_postgres
with running_postgres(Path(sys.argv[1])) as dsn:
    print(dsn, flush=True)
    sys.stdin.read()
"""


@contextmanager
def other_process(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, data_dir],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_the_first_start_makes_a_durable_utf8_cluster_of_vox(tmp_path: Path, ask: Ask) -> None:
    with running_postgres(tmp_path / "not" / "there" / "yet") as dsn:
        assert ask(dsn, "SELECT current_database() || '/' || current_user") == "vox/vox"
        wanted = {
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "data_checksums": "on",
            "server_encoding": "UTF8",
            "listen_addresses": "",
            "unix_socket_permissions": "0700",
            "log_min_messages": "log",
        }
        found = {name: ask(dsn, f"SELECT current_setting('{name}', true)") for name in wanted}
        assert found == wanted
        collation = "SELECT datcollate FROM pg_database WHERE datname = 'vox'"
        assert ask(dsn, collation) == "C"
        assert ask(dsn, "SELECT usesuper FROM pg_user WHERE usename = 'vox'") is False


def test_only_our_own_user_gets_in_without_a_password(data_dir: Path, ask: Ask) -> None:
    with running_postgres(data_dir) as dsn:
        folder = Path(parse_qs(urlsplit(dsn).query)["host"][0])
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (data_dir / "postgres").stat().st_mode & 0o777 == 0o700
        rules = (data_dir / "postgres/pg/pg_hba.conf").read_text()
        assert rules == "local all all peer map=vox\n"
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="Peer auth"):
            ask(dsn.replace("user=vox", "user=pg_monitor"), "SELECT 1")


def test_data_outlives_a_stop_and_the_stop_leaves_nothing_running(data_dir: Path, ask: Ask) -> None:
    with running_postgres(data_dir) as dsn:
        ask(dsn, "CREATE TABLE kept AS SELECT 7 AS n")
        pid = server_pid(data_dir)
    assert not is_running(pid)
    assert not Path(parse_qs(urlsplit(dsn).query)["host"][0]).exists()
    with running_postgres(data_dir) as dsn:
        assert ask(dsn, "SELECT n FROM kept") == 7


def test_an_error_in_the_block_stops_the_server_too(data_dir: Path) -> None:
    pids = []

    def fail_inside() -> None:
        with running_postgres(data_dir):
            pids.append(server_pid(data_dir))
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    [pid] = pids
    assert not is_running(pid)


def test_a_second_user_joins_and_its_leaving_stops_nothing(data_dir: Path, ask: Ask) -> None:
    with running_postgres(data_dir) as dsn:
        pid = server_pid(data_dir)
        with running_postgres(data_dir) as joined:
            assert joined == dsn
        assert server_pid(data_dir) == pid
        assert ask(dsn, "SELECT 1") == 1


def test_the_starter_leaves_the_server_to_a_user_that_joined(data_dir: Path, ask: Ask) -> None:
    with other_process(data_dir) as other:
        with running_postgres(data_dir) as dsn:
            assert other.stdout is not None
            assert other.stdout.readline().strip() == dsn
        assert ask(dsn, "SELECT 1") == 1
        pid = server_pid(data_dir)
        other.communicate("")
    assert not is_running(pid)


def test_two_starters_at_once_share_one_server(data_dir: Path) -> None:
    with other_process(data_dir) as first, other_process(data_dir) as second:
        with turn(data_dir / "postgres" / "turn"):
            time.sleep(0.5)
            assert not (data_dir / "postgres/pg/postmaster.pid").exists()
        assert first.stdout is not None
        assert second.stdout is not None
        assert first.stdout.readline() == second.stdout.readline() != ""
        pid = server_pid(data_dir)
        first.communicate("")
        assert is_running(pid)
        second.communicate("")
    assert not is_running(pid)


def test_a_server_killed_without_mercy_recovers_what_was_committed(
    data_dir: Path, ask: Ask
) -> None:
    with running_postgres(data_dir) as dsn:
        ask(dsn, "CREATE TABLE kept AS SELECT 7 AS n")
        kill_now(server_pid(data_dir))
        with running_postgres(data_dir) as again:
            assert ask(again, "SELECT n FROM kept") == 7


def test_a_server_orphaned_by_its_starter_is_joined_and_then_stopped(
    data_dir: Path, ask: Ask
) -> None:
    with other_process(data_dir) as starter:
        assert starter.stdout is not None
        starter.stdout.readline()
        pid = server_pid(data_dir)
        starter.kill()
        starter.wait()
    assert is_running(pid)
    with running_postgres(data_dir) as dsn:
        assert server_pid(data_dir) == pid
        assert ask(dsn, "SELECT 1") == 1
    assert not is_running(pid)


def test_the_machines_own_postgres_settings_change_nothing(
    data_dir: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "1", "PGDATA": "/nowhere", "PGUSER": "x"}.items():
        monkeypatch.setenv(name, value)
    with running_postgres(data_dir) as dsn:
        assert ask(dsn, "SELECT 1") == 1


def test_a_path_with_spaces_and_quotes_is_no_obstacle(
    made_once: Path, tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / "it's a folder"
    shutil.copytree(made_once, odd)
    with TemporaryDirectory(prefix="it's & a run?") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        with running_postgres(odd) as dsn:
            assert Path(parse_qs(urlsplit(dsn).query)["host"][0]).parent == Path(runtime)
            assert ask(dsn, "SELECT 1") == 1


def test_a_data_directory_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(EmbeddedPostgresError, match=r"/file/postgres: Not a directory; choose"),
        running_postgres(tmp_path / "file"),
    ):
        pass
