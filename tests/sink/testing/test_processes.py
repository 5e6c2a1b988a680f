"""Programs that end with their starter, over a module made for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.processes import is_running
from vox_telemetry_sink.testing import processes
from vox_telemetry_sink.testing.errors import PluginError
from vox_telemetry_sink.testing.processes import Child

WAITS = """
import os, pathlib
from vox_telemetry_sink.testing.processes import wait_for_the_end_of_input
pathlib.Path("pid").write_text(str(os.getpid()))
wait_for_the_end_of_input()
pathlib.Path("ended").touch()
"""
DEAF = "import time\nprint('deaf', flush=True)\ntime.sleep(600)\n"
FAILS = "raise SystemExit('no such port')\n"


def child(folder: Path, source: str) -> Child:
    (folder / "program.py").write_text(source)
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return Child("program", environment=environment, cwd=folder, log=folder / "log")


def test_it_ends_in_order_when_its_input_does(tmp_path: Path) -> None:
    started = child(tmp_path, WAITS)
    started.wait_until((tmp_path / "pid").exists)
    assert started.is_running()
    started.end()
    assert not started.is_running()
    assert (tmp_path / "ended").exists()


def test_it_ends_in_order_while_a_fork_of_the_test_lives(tmp_path: Path) -> None:
    started = child(tmp_path, WAITS)
    started.wait_until((tmp_path / "pid").exists)
    pipe = started._process.stdin
    assert pipe is not None
    # As a worker of multiprocessing does, which is forked while the sink runs.
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], pass_fds=[pipe.fileno()]
    ) as holds_the_pipe:
        try:
            started.end()
        finally:
            holds_the_pipe.kill()
    assert (tmp_path / "ended").exists()


def test_nothing_is_imported_from_the_folder_where_it_runs(tmp_path: Path) -> None:
    (tmp_path / "subprocess.py").write_text("raise SystemExit('from a folder like /tmp')\n")
    started = Child("program", environment=os.environ, cwd=tmp_path, log=tmp_path / "log")
    with pytest.raises(PluginError, match="No module named program"):
        started.wait_until(lambda: False)
    started.end()


def test_one_that_does_not_listen_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "ENDED_WITHIN_S", 0.1)
    started = child(tmp_path, DEAF)
    started.wait_until(lambda: (tmp_path / "log").read_text() == "deaf\n")
    started.end()
    assert not started.is_running()


def test_one_that_ends_before_it_is_ready_says_why(tmp_path: Path) -> None:
    started = child(tmp_path, FAILS)
    with pytest.raises(PluginError, match="program ended while it started: no such port"):
        started.wait_until(lambda: False)
    started.end()


def test_one_that_is_never_ready_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "READY_WITHIN_S", 0.1)
    started = child(tmp_path, WAITS)
    try:
        with pytest.raises(PluginError, match=r"program was not ready within 0 s"):
            started.wait_until(lambda: False)
    finally:
        started.end()
    pid = tmp_path / "pid"
    assert not (pid.exists() and is_running(int(pid.read_text())))
