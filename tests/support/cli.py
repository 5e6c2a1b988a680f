"""Run the installed programs as an operator does: in a process of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.warm import warm_program

RUN_WITHIN_S = 120
STOPPED_WITHIN_S = 10


@dataclass(frozen=True)
class Ran:
    """What a program left behind: its exit code and its two outputs."""

    code: int
    out: str
    err: str


def run_cli(
    program: str,
    *args: str | Path,
    env: Mapping[str, str] | None = None,
    input: str | None = None,  # noqa: A002 -- the name subprocess.run gives it
    cwd: Path | None = None,
    within_s: float = RUN_WITHIN_S,
) -> Ran:
    """Run `vox-telemetry` or `vox-telemetry-sink` to its end, warm where that makes no difference.

    Args:
        env: added to the test's scrubbed environment, which also carries what coverage needs to
            measure the program.
        input: its stdin; without it, stdin is empty.
        within_s: seconds after which it is killed and `subprocess.TimeoutExpired` raised.
    """
    environment = os.environ | (env or {})
    given = "" if input is None else input
    warm = warm_program(program, environment)
    if warm is not None:
        return Ran(*warm.run(command(program, *args), environment, given, cwd, within_s))
    done = subprocess.run(
        command(program, *args),
        env=environment,
        input=given,
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=within_s,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@contextmanager
def started_cli(
    program: str,
    *args: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Start a program that serves; on leaving, end it (SIGTERM, after ten seconds SIGKILL).

    Its stdout and stderr are one pipe, `process.stdout`.
    """
    process = subprocess.Popen(
        command(program, *args),
        env=os.environ | (env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[str]) -> int:
    """Ask a program to end, make it end when it does not, and give its exit code."""
    process.terminate()
    try:
        return process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def command(program: str, *args: str | Path) -> list[str]:
    """Give the command line of a script installed beside this Python."""
    return [str(Path(sys.executable).parent / program), *map(str, args)]
