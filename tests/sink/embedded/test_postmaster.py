import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from support.processes import kill_now, server_pid
from vox_telemetry_sink.embedded import EmbeddedPostgresError, running_postgres
from vox_telemetry_sink.embedded.postmaster import arguments_by_ps, socket_folder_of_running

Ask = Callable[[str, str], Any]
CHECKPOINTER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"


def write_pid_file(data_dir: Path, pid: int) -> Path:
    cluster = data_dir / "postgres" / "pg"
    lines = [pid, cluster, 1_700_000_000, 5432, "/tmp", "", "", "ready"]
    (cluster / "postmaster.pid").write_text("\n".join(map(str, lines)))
    return cluster


def as_administrator(dsn: str) -> str:
    return dsn.replace("user=vox", "user=postgres")


@pytest.mark.parametrize("mentions_the_cluster", [False, True])
def test_a_pid_file_that_names_another_living_program_is_left_from_a_crash(
    data_dir: Path, ask: Ask, mentions_the_cluster: bool
) -> None:
    command = [sys.executable, "-c", "input()"]
    command += [str(data_dir / "postgres" / "pg")] * mentions_the_cluster
    with subprocess.Popen(command, stdin=subprocess.PIPE) as other:
        write_pid_file(data_dir, other.pid)
        with running_postgres(data_dir) as dsn:
            assert ask(dsn, "SELECT 1") == 1
        assert other.poll() is None
        other.communicate(b"\n")


def test_a_start_waits_for_the_children_of_a_killed_server(data_dir: Path, ask: Ask) -> None:
    with running_postgres(data_dir) as dsn:
        child = ask(as_administrator(dsn), CHECKPOINTER)
        os.kill(child, signal.SIGSTOP)  # it cannot notice that its parent is gone, for a second
        kill_now(server_pid(data_dir))
        threading.Timer(1, os.kill, (child, signal.SIGCONT)).start()
        with running_postgres(data_dir) as again:
            assert ask(again, "SELECT 1") == 1


def test_a_postgres_of_another_cluster_is_not_ours(data_dir: Path, tmp_path: Path) -> None:
    cluster = write_pid_file(data_dir, 1)
    with running_postgres(tmp_path / "other"):
        write_pid_file(data_dir, server_pid(tmp_path / "other"))
        assert socket_folder_of_running(cluster) is None
        other = (tmp_path / "other/postgres/pg").resolve()
        assert socket_folder_of_running(other) is not None


def test_ps_names_the_same_arguments_as_proc() -> None:
    with subprocess.Popen(["sleep", "61"]) as other:
        assert arguments_by_ps(other.pid) == ["sleep", "61"]
        other.kill()


def test_a_server_that_is_already_gone_needs_no_stop(data_dir: Path) -> None:
    with running_postgres(data_dir):
        kill_now(server_pid(data_dir))
    assert socket_folder_of_running(data_dir / "postgres/pg") is None


@pytest.mark.parametrize("content", ["", "x\n", "1\n", "99999999\na\nb\nc\nd\n"])
def test_a_damaged_pid_file_names_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / "postmaster.pid").write_text(content)
    assert socket_folder_of_running(tmp_path) is None


def test_a_failed_start_quotes_the_end_of_the_log(data_dir: Path) -> None:
    with (data_dir / "postgres/pg/postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with (
        pytest.raises(EmbeddedPostgresError, match=r'log ends: .*parameter "no_such_setting"'),
        running_postgres(data_dir),
    ):
        pass


def test_a_refused_statement_leaves_no_value_in_the_log(data_dir: Path, ask: Ask) -> None:
    with running_postgres(data_dir) as dsn:
        before = (data_dir / "postgres/log").read_text()
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            ask(dsn, "SELECT 'a-secret-value'::int")
    log = (data_dir / "postgres/log").read_text()
    assert "ready to accept connections" in before
    assert "a-secret-value" not in log
    assert (data_dir / "postgres/log").stat().st_mode & 0o777 == 0o600


def test_a_server_that_does_not_stop_fast_is_stopped_at_once(
    data_dir: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vox_telemetry_sink.embedded.postmaster.FAST_STOP_WITHIN_S", 1)
    with running_postgres(data_dir) as dsn:
        ask(dsn, "CREATE TABLE kept AS SELECT 7 AS n")
        checkpointer = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
        os.kill(
            ask(as_administrator(dsn), checkpointer), signal.SIGSTOP
        )  # a fast stop waits for its checkpoint
    assert socket_folder_of_running(data_dir / "postgres/pg") is None
    with running_postgres(data_dir) as dsn:
        assert ask(dsn, "SELECT n FROM kept") == 7
