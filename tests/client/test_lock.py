import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.client_world import file_size_limit
from vox_telemetry_client.errors import SpoolBusyError, SpoolError
from vox_telemetry_client.lock import current_holder, held

_HOLD = """
import sys, time
from pathlib import Path
from vox_telemetry_client.lock import held
with held(Path(sys.argv[1]), "a test"):
    print("held", flush=True)
    time.sleep(60)
"""


def _holder(path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_is_told_who_holds_it_and_since_when(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with _holder(path) as other:
        try:
            expected = rf"^an upload is running: pid {other.pid} since 20\d\d-\S+Z; wait until it has ended$"
            with pytest.raises(SpoolBusyError, match=expected), held(path, "an upload"):
                pass
            holder = current_holder(path)
            assert holder is not None
            assert holder.pid == other.pid
        finally:
            other.kill()
    assert current_holder(path) is None


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    with _holder(tmp_path / "lock") as other:
        other.kill()
    with held(tmp_path / "lock", "an upload"):
        assert (
            re.search(rb'"pid":(\d+)', (tmp_path / "lock").read_bytes())[1]
            == str(os.getpid()).encode()
        )


def test_waiting_is_bounded(tmp_path: Path) -> None:
    began = time.monotonic()
    with (
        held(tmp_path / "lock", "one"),
        pytest.raises(SpoolBusyError, match="two is running"),
        held(tmp_path / "lock", "two", wait_s=0.2),
    ):
        pass
    assert time.monotonic() - began >= 0.2


def test_a_lock_is_free_again_after_its_block_and_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), held(tmp_path / "lock", "one"):
        1 / 0  # noqa: B018 -- any error will do
    with held(tmp_path / "lock", "two"):
        pass
    assert current_holder(tmp_path / "lock") is None


def test_nobody_holds_a_lock_that_never_was(tmp_path: Path) -> None:
    assert current_holder(tmp_path / "lock") is None
    assert not (tmp_path / "lock").exists()


def test_a_damaged_lock_file_names_nobody(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held(path, "one"):
        path.write_bytes(b"\x00")
        with (
            pytest.raises(SpoolBusyError, match="two is running: another process"),
            held(path, "two"),
        ):
            pass


def test_a_lock_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with (
        pytest.raises(SpoolError, match=r"^the lock file .*/lock cannot be opened: is a directory"),
        held(tmp_path / "lock", "an upload"),
    ):
        pass


def test_a_full_disk_keeps_nobody_from_the_lock(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    with file_size_limit(0), held(tmp_path / "lock", "an upload"):
        assert (tmp_path / "lock").read_bytes() == b""


def test_who_holds_it_is_told_without_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = []
    real_open = os.open
    with held(tmp_path / "lock", "an upload"):
        monkeypatch.setattr(
            os, "open", lambda path, flag, *mode: flags.append(flag) or real_open(path, flag, *mode)
        )
        assert current_holder(tmp_path / "lock") is not None
    assert flags
    assert not any(flag & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) for flag in flags)
