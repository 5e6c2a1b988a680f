import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from vox_telemetry_sink.embedded import EmbeddedPostgresError
from vox_telemetry_sink.embedded.binaries import find_binaries
from vox_telemetry_sink.embedded.server_user import choose_server_user

NOBODY = 65534

# Starts, asks, stops, twice; prints who Postgres takes us for and whose the files are.
PROGRAM = """
import asyncio, os, sys
from pathlib import Path
import asyncpg
from vox_telemetry_sink.embedded import running_postgres

async def ask(dsn):
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval("SELECT system_user")
    finally:
        await connection.close()

for _ in range(2):
    with running_postgres(Path(sys.argv[1])) as dsn:
        print(asyncio.run(ask(dsn)), os.stat(sys.argv[1] + "/postgres/pg").st_uid)
"""
AS_PLAIN_USER = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]


def run(data_dir: Path, *prefix: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, sys.executable, "-c", PROGRAM, data_dir],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Make a folder that every user may pass through, with a copy of the programs in it."""
    with TemporaryDirectory(prefix="vox-open-") as folder:
        Path(folder).chmod(0o755)
        package = find_binaries().parents[1]
        (Path(folder) / package.name).mkdir()
        shutil.copytree(find_binaries().parent, Path(folder, package.name, "pginstall18"))
        shutil.copytree(f"{package}.libs", Path(folder, f"{package.name}.libs"))
        (Path(folder) / package.name / "__init__.py").touch()
        yield Path(folder)


def test_a_user_in_a_namespace_that_is_not_root_runs_it_as_itself(tmp_path: Path) -> None:
    done = run(tmp_path, *AS_PLAIN_USER)
    assert done.stdout == f"peer:nobody {NOBODY}\n" * 2, done.stderr


def test_an_id_without_a_name_is_refused_with_advice(tmp_path: Path) -> None:
    done = run(tmp_path, "unshare", "--user", "--map-user=54321", "--map-group=54321")
    assert "user id 54321 has no name in the user database" in done.stderr
    assert "VOX_SINK_DATABASE_URL" in done.stderr


if os.geteuid() == 0:  # what only root can show; a plain user's way is every other test's

    def test_root_keeps_its_files_and_is_nobody_to_the_server(tmp_path: Path) -> None:
        done = run(tmp_path)
        assert done.stdout == "peer:nobody 0\n" * 2, done.stderr

    def test_where_namespaces_are_refused_root_becomes_the_real_nobody(open_folder: Path) -> None:
        refusing = open_folder / "bin"
        refusing.mkdir()
        (refusing / "unshare").write_text("#!/bin/sh\nexit 1\n")
        (refusing / "unshare").chmod(0o755)
        done = run(
            open_folder / "data",
            PATH=f"{refusing}:{os.environ['PATH']}",
            PYTHONPATH=f"{open_folder}:{os.environ.get('PYTHONPATH', '')}",
        )
        assert done.stdout == f"peer:root {NOBODY}\n" * 2, done.stderr

    def test_a_cluster_of_roots_own_is_not_run_where_namespaces_are_refused(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(EmbeddedPostgresError, match="is root's, and this machine lets root"):
            choose_server_user(tmp_path)

    def test_a_cluster_of_another_user_is_refused(tmp_path: Path) -> None:
        os.chown(tmp_path, 12345, -1)
        with pytest.raises(EmbeddedPostgresError, match="belongs to user id 12345, this is 0"):
            choose_server_user(tmp_path)

    def test_a_plain_user_is_refused_the_cluster_of_another(open_folder: Path) -> None:
        os.chown(open_folder, 12345, -1)
        os.seteuid(NOBODY)
        try:
            with pytest.raises(EmbeddedPostgresError, match="12345, this is 65534; run as 12345"):
                choose_server_user(open_folder)
        finally:
            os.seteuid(0)
