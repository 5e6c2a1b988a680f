"""A warm run is what a new process is, but for the time: whatever a program can see is compared."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.cli import run_cli
from support.client_world import file_size_limit, umask
from support.processes import is_running
from support.warm import warm_program

CLIENT = "vox-telemetry"
PROBE = """
import json, os, resource, signal, sys, threading, time
mask = os.umask(0)
streams = [sys.stdin, sys.stdout, sys.stderr]
print(json.dumps({
    "main": [__name__, __file__, sys.argv, sys.path],
    "interpreter": [sys.executable, str(sys.flags), sys.warnoptions, sys.dont_write_bytecode],
    "environment": dict(os.environ),
    "folder": os.getcwd(),
    "stdin": sys.stdin.read(),
    "streams": [[s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.isatty()] for s in streams],
    "umask": mask,
    "file_size_limit": resource.getrlimit(resource.RLIMIT_FSIZE),
    "descriptors": len(os.listdir("/proc/self/fd")),
    "signals": [str(signal.getsignal(n)) for n in range(1, 32)],
    "session": os.getsid(0) == os.getpid(),
    "threads": threading.active_count(),
    "main_thread": threading.current_thread() is threading.main_thread(),
    "time_zone": time.tzname,
}, default=str))
print("ünd", file=sys.stderr)
sys.exit(7)
"""


def run_warm(script: Path, *args: str, **options: Any) -> tuple[int, str, str]:
    settings = {"environment": dict(os.environ), "given": "", "cwd": None, "within_s": 60} | options
    warm = warm_program(CLIENT, os.environ)
    assert warm is not None
    return warm.run([str(script), *args], **settings)


def script(folder: Path, text: str) -> Path:
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_warm_run_sees_what_a_new_process_sees(tmp_path: Path, mask: int) -> None:
    probe = script(tmp_path, PROBE)
    environment = os.environ | {"VOX_TELEMETRY": "ünd", "TZ": "Asia/Tokyo"}
    with umask(mask), file_size_limit(1_000_000):
        warm = run_warm(probe, "-x", "ü", environment=environment, given="given ü\n", cwd=tmp_path)
        new = subprocess.run(
            [sys.executable, str(probe), "-x", "ü"],
            env=environment,
            cwd=tmp_path,
            input="given ü\n",
            capture_output=True,
            text=True,
            check=False,
        )
    seen, expected = json.loads(warm[1]), json.loads(new.stdout)
    assert seen == expected
    assert (warm[0], warm[2]) == (new.returncode, new.stderr) == (7, "ünd\n")
    assert (seen["time_zone"], seen["umask"]) == (["JST", "JST"], mask)


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("raise ValueError('told')", 1, "ValueError: told"),
        ("import sys; sys.exit('told')", 1, "told"),
        ("import os; os.kill(os.getpid(), 9)", -9, ""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", -2, "KeyboardInterrupt"),
        ("import atexit; atexit.register(print, 'told')", 0, ""),
    ],
    ids=["exception", "message", "killed", "interrupted", "at-exit"],
)
def test_a_warm_run_ends_as_a_new_process_ends(
    tmp_path: Path, text: str, code: int, told: str
) -> None:
    ending = script(tmp_path, text)
    warm = run_warm(ending)
    new = subprocess.run([sys.executable, str(ending)], capture_output=True, text=True, check=False)
    assert (warm[0], warm[1]) == (new.returncode, new.stdout)
    assert warm[0] == code
    assert told in warm[2]


def test_each_warm_run_is_a_process_of_its_own_and_leaves_nothing_to_the_next(
    tmp_path: Path,
) -> None:
    leaving = script(
        tmp_path, "import os, sys; print(os.getpid(), hasattr(sys, 'left')); sys.left = 1"
    )
    ran = [run_warm(leaving)[1].split() for _ in range(2)]
    assert len({str(os.getpid()), *(pid for pid, _ in ran)}) == 3
    assert [left for _, left in ran] == ["False", "False"]


def test_a_warm_run_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    endless = script(
        tmp_path, "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    )
    with pytest.raises(subprocess.TimeoutExpired):
        run_warm(endless, cwd=tmp_path, within_s=2)
    assert not is_running(int((tmp_path / "pid").read_text()))
    assert run_warm(script(tmp_path, "print('the next')")) == (0, "the next\n", "")


def test_what_the_start_of_an_interpreter_decides_takes_a_new_process() -> None:
    same = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "VOX_TELEMETRY": "off"}
    assert warm_program(CLIENT, os.environ | same) is warm_program(CLIENT, os.environ)
    for name in (
        "PYTHONWARNINGS",
        "PYTHONUTF8",
        "LC_ALL",
        "COVERAGE_PROCESS_START",
        "TYPER_USE_RICH",
    ):
        assert warm_program(CLIENT, os.environ | {name: "0"}) is None, name
    assert warm_program("python", os.environ) is None
    ran = run_cli(CLIENT, "--version", env={"PYTHONVERBOSE": "1"})
    assert "import 'vox_telemetry_client" in ran.err
