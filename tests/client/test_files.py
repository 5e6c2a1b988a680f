import errno
import os
import stat
from pathlib import Path

import pytest

from support.client_world import file_size_limit, umask
from vox_telemetry_client.files import is_no_space, read_at_most, replace, write_new


def test_a_new_file_is_only_for_its_user_whatever_the_umask(tmp_path: Path) -> None:
    with umask(0):
        write_new(tmp_path / "a", b"x")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_full_disk_leaves_no_half_file(tmp_path: Path) -> None:
    with file_size_limit(1_000), pytest.raises(OSError, match="File too large") as caught:
        write_new(tmp_path / "a", b"x" * 5_000)
    assert is_no_space(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_replacing_on_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with file_size_limit(1_000), pytest.raises(OSError, match="File too large"):
        replace(tmp_path / "a", b"x" * 5_000)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


def test_replace_that_cannot_rename_cleans_up(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(IsADirectoryError):
        replace(tmp_path / "a", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_reading_is_bounded_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100)
    assert read_at_most(tmp_path / "a", 10) == b"x" * 10
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(OSError, match="symbolic link"):
        read_at_most(tmp_path / "link", 10)


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        read_at_most(tmp_path / "pipe", 10)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_what_counts_as_no_space(code: int) -> None:
    assert is_no_space(OSError(code, "x"))
    assert not is_no_space(OSError(errno.EACCES, "x"))
