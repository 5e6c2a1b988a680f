"""The branches for Windows and macOS, run on Linux with the other system's parts in their place.

What is shown is that our own code takes its way; that Windows does what its documents say is not.
"""

import errno
import fcntl
import importlib.util
import os
import stat
import struct
import sys
import types
from pathlib import Path

import pytest

from vox_telemetry_client import consent_file, files, folder, lock
from vox_telemetry_client.config import policy_path, user_settings_path
from vox_telemetry_client.errors import SpoolBusyError, SpoolUnsafeError
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.journal import Journal

_LK_NBLCK = 2  # of the C run-time's locking.h


def _locking(descriptor: int, mode: int, count: int) -> None:
    """Lock bytes at the file's position as msvcrt does; Linux gives them back on close, too."""
    assert mode == _LK_NBLCK
    start = os.lseek(descriptor, 0, os.SEEK_CUR)
    kind = fcntl.F_WRLCK if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE else fcntl.F_RDLCK
    try:
        wish = struct.pack("hhqqi4x", kind, os.SEEK_SET, start, count, 0)
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, wish)
    except OSError as exc:
        raise OSError(errno.EACCES, "Permission denied") from exc


@pytest.fixture
def windows_lock(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Load lock.py as Windows would, with byte locks of Linux in the place of msvcrt's."""
    msvcrt = types.ModuleType("msvcrt")
    msvcrt.locking, msvcrt.LK_NBLCK = _locking, _LK_NBLCK  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    monkeypatch.setattr(sys, "platform", "win32")
    spec = importlib.util.spec_from_file_location("lock_of_windows", lock.__file__)
    loaded = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "lock_of_windows", loaded)
    spec.loader.exec_module(loaded)
    return loaded


def test_windows_locks_a_byte_and_tells_who_holds_it(
    windows_lock: types.ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "lock"
    with windows_lock.held(path, "an upload"):
        with (
            pytest.raises(SpoolBusyError, match=rf"an upload is running: pid {os.getpid()} since"),
            windows_lock.held(path, "an upload"),
        ):
            pass
        assert windows_lock.current_holder(path).pid == os.getpid()
        assert path.stat().st_size < 1_024  # the locked byte lies behind the text, not in the file
    assert windows_lock.current_holder(path) is None
    with windows_lock.held(path, "an upload"):
        pass


def test_windows_waits_for_a_lock_and_no_longer(
    windows_lock: types.ModuleType, tmp_path: Path
) -> None:
    with (
        windows_lock.held(tmp_path / "lock", "one"),
        pytest.raises(SpoolBusyError),
        windows_lock.held(tmp_path / "lock", "two", wait_s=0.1),
    ):
        pass


def test_windows_has_no_fsync_of_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr(os, "open", lambda *args: opened.append(args))
    monkeypatch.setattr(sys, "platform", "win32")
    files.sync_folder(tmp_path)
    assert opened == []


def test_windows_renames_again_after_a_reader_has_closed_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []
    real = Path.replace

    def refuses_twice(self: Path, target: Path) -> Path:
        tries.append(1)
        if len(tries) < 3:
            raise PermissionError(errno.EACCES, "Access is denied")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", refuses_twice)
    monkeypatch.setattr(sys, "platform", "win32")
    files.replace(tmp_path / "state.json", b"new")
    assert (len(tries), (tmp_path / "state.json").read_bytes()) == (3, b"new")


@pytest.mark.parametrize(("platform", "at_least"), [("win32", 2), ("linux", 1), ("darwin", 1)])
def test_a_rename_that_is_never_allowed_ends_in_its_error_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, at_least: int
) -> None:
    tries: list[int] = []

    def refuses(self: Path, target: Path) -> Path:
        tries.append(1)
        raise PermissionError(errno.EACCES, "Access is denied")

    monkeypatch.setattr(Path, "replace", refuses)
    monkeypatch.setattr(files, "_READER_WAIT_S", 0.1)
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(PermissionError):
        files.replace(tmp_path / "state.json", b"new")
    assert len(tries) >= at_least
    assert platform == "win32" or len(tries) == 1
    assert list(tmp_path.iterdir()) == []


def test_windows_writes_its_files_in_binary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Linux takes a flag that it does not know; this one is free there.
    binary = 1 << 30
    flags: list[int] = []
    real = os.open
    monkeypatch.setattr(os, "O_BINARY", binary, raising=False)

    def seen(path: object, flag: int, *mode: int) -> int:
        flags.append(flag)
        return real(path, flag & ~binary, *mode)

    monkeypatch.setattr(os, "open", seen)
    from vox_telemetry_client.journal_lines import Discarded

    Journal(tmp_path / "journal.jsonl").append(Discarded("2026-11-22T12:00:00.000Z", [], "x"))
    assert flags[0] & binary


def test_windows_modes_are_not_looked_at_since_its_profile_is_guarded_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Folder(tmp_path / "q").create()
    (tmp_path / "q").chmod(0o777)
    with pytest.raises(SpoolUnsafeError):
        Folder(tmp_path / "q").check()
    monkeypatch.delattr(os, "geteuid")
    Folder(tmp_path / "q").check()


def test_windows_junctions_are_links(tmp_path: Path) -> None:
    class Junction:
        st_mode = stat.S_IFDIR | 0o777
        st_uid = 0
        st_file_attributes = stat.FILE_ATTRIBUTE_REPARSE_POINT | stat.FILE_ATTRIBUTE_DIRECTORY

    with pytest.raises(SpoolUnsafeError, match="is a symbolic link"):
        folder._check_folder(tmp_path, Junction())


def test_systems_without_the_link_flag_still_read_and_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_NO_FOLLOW", 0)
    files.write_new(tmp_path / "a", b"x")
    assert files.read_at_most(tmp_path / "a", 10) == b"x"


def test_each_system_has_its_places() -> None:
    windows = {"PROGRAMDATA": "/pd", "APPDATA": "/roaming"}
    assert policy_path(windows, "win32") == Path("/pd/vox/telemetry-policy.toml")
    assert user_settings_path(windows, "win32") == Path("/roaming/vox/config.toml")
    for platform in ("linux", "darwin"):
        assert policy_path({}, platform) == Path("/etc/vox/telemetry-policy.toml")
        assert user_settings_path({"XDG_CONFIG_HOME": "/x"}, platform) == Path("/x/vox/config.toml")


def test_windows_consent_needs_no_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    from support.client_world import consent_to

    consent_to("https://sink.example")
    consent_file.path().chmod(0o666)
    assert "can be written by others" in consent_file.read().trouble
    monkeypatch.delattr(os, "geteuid")
    assert consent_file.read().consent is not None
