import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vox_telemetry_sink.embedded import EmbeddedPostgresError, running_postgres

Ask = Callable[[str, str], Any]


def test_another_major_version_is_refused_and_nothing_changes(data_dir: Path) -> None:
    version = data_dir / "postgres/pg/PG_VERSION"
    version.write_text("16\n")
    before = {path: path.stat().st_mtime_ns for path in (data_dir / "postgres/pg").rglob("*")}
    with (
        pytest.raises(EmbeddedPostgresError, match=r"was made by postgres 16, .* is 18; dump it"),
        running_postgres(data_dir),
    ):
        pass
    after = {path: path.stat().st_mtime_ns for path in (data_dir / "postgres/pg").rglob("*")}
    assert after == before


def test_a_folder_that_is_no_cluster_is_refused(data_dir: Path) -> None:
    (data_dir / "postgres/pg/PG_VERSION").unlink()
    with (
        pytest.raises(
            EmbeddedPostgresError, match=r"no postgres cluster: its PG_VERSION .*No such"
        ),
        running_postgres(data_dir),
    ):
        pass


def test_what_a_killed_initdb_left_is_made_anew(tmp_path: Path, ask: Ask) -> None:
    half = tmp_path / "postgres" / "pg.init"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with running_postgres(tmp_path) as dsn:
        assert ask(dsn, "SELECT 1") == 1
    assert not half.exists()


def test_a_failing_initdb_is_quoted_and_the_next_start_makes_the_cluster(
    tmp_path: Path, ask: Ask
) -> None:
    # No file may grow over 1 MiB, as on a full disk: the first WAL segment has 16.
    code = (
        "import sys; from pathlib import Path\n"
        "from vox_telemetry_sink.embedded import running_postgres\n"
        "with running_postgres(Path(sys.argv[1])): pass"
    )
    done = subprocess.run(
        ["prlimit", "--fsize=1048576", sys.executable, "-c", code, tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "EmbeddedPostgresError: initdb failed with status 1: " in done.stderr
    assert not (tmp_path / "postgres" / "pg").exists()
    with running_postgres(tmp_path) as dsn:
        assert ask(dsn, "SELECT 1") == 1
