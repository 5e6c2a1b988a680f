from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from vox_telemetry_sink.embedded import EmbeddedPostgresError, running_postgres
from vox_telemetry_sink.embedded.server_user import choose_server_user
from vox_telemetry_sink.embedded.socket_folder import make_socket_folder, remove_socket_folder

Ask = Callable[[str, str], Any]
CLUSTER = Path("/srv/vox/postgres/pg")
# The beginning of the SHA-256 of that path, as the program sha256sum gives it.
FOLDER = "vox-pg-9c2199591258"


def deep(folder: Path) -> Path:
    path = folder / ("d" * 100)
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with TemporaryDirectory(prefix="r") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


def test_it_lies_in_the_runtime_folder_and_keeps_its_name(runtime: Path, tmp_path: Path) -> None:
    user = choose_server_user(tmp_path)
    assert make_socket_folder(CLUSTER, user) == runtime / FOLDER
    assert (runtime / FOLDER).stat().st_mode & 0o777 == 0o700
    (runtime / FOLDER / ".s.PGSQL.5432.lock").write_text("left by a crash")
    assert list(make_socket_folder(CLUSTER, user).iterdir()) == []


def test_a_deep_runtime_folder_gives_way_to_the_temporary_one(
    data_dir: Path, ask: Ask, tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep(tmp_path)))
    monkeypatch.setattr("tempfile.tempdir", str(runtime))
    with running_postgres(data_dir) as dsn:
        assert Path(parse_qs(urlsplit(dsn).query)["host"][0]).parent == runtime
        assert ask(dsn, "SELECT 1") == 1


def test_two_deep_folders_are_refused_with_both_numbers(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = deep(tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
    monkeypatch.setattr("tempfile.tempdir", str(path))
    # /vox-pg- and 12 digits, /.s.PGSQL.5432
    bytes_needed = len(str(path)) + 20 + 14
    with (
        pytest.raises(EmbeddedPostgresError, match=f"take {bytes_needed} bytes, the limit is 107"),
        running_postgres(data_dir),
    ):
        pass


@pytest.mark.parametrize("squat", ["open", "link", "file"])
def test_a_folder_that_others_can_reach_is_refused(
    runtime: Path, tmp_path: Path, squat: str
) -> None:
    place = runtime / FOLDER
    if squat == "open":
        place.mkdir()
        place.chmod(0o755)
    elif squat == "link":
        place.symlink_to(tmp_path)
    else:
        place.touch(mode=0o600)
    with pytest.raises(EmbeddedPostgresError, match="is not a folder of user id"):
        make_socket_folder(CLUSTER, choose_server_user(tmp_path))


def test_only_a_folder_of_our_making_is_removed(tmp_path: Path) -> None:
    ours, another = tmp_path / FOLDER, tmp_path / "run"
    for folder in (ours, another):
        folder.mkdir()
        (folder / ".s.PGSQL.5432").touch()
        remove_socket_folder(folder)
    assert not ours.exists()
    assert (another / ".s.PGSQL.5432").exists()
