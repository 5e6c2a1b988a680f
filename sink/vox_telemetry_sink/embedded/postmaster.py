"""Look at the server behind postmaster.pid; start it; stop it."""

import os
import shlex
import subprocess
import time
from pathlib import Path
from typing import Final

from vox_telemetry_sink.embedded.errors import EmbeddedPostgresError
from vox_telemetry_sink.embedded.programs import Programs, last_lines

START_WITHIN_S: Final = 60
FAST_STOP_WITHIN_S: Final = 30
IMMEDIATE_STOP_WITHIN_S: Final = 30
_ORPHANS_WITHIN_S: Final = 10
_ORPHANS: Final = "pre-existing shared memory block"


def socket_folder_of_running(cluster: Path) -> Path | None:
    """Give the socket folder of the server that runs on this cluster; None when none runs.

    A pid file says little after a crash: its number may be another program's by now. Only a process
    that is a postgres started on this very folder counts.
    """
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid = int(lines[0])
        folder = Path(lines[4])  # lines: pid, data folder, start time, port, socket folder, ...
    except (OSError, ValueError, IndexError):
        return None
    arguments = _arguments_of(pid)
    ours = arguments and Path(arguments[0]).name == "postgres" and str(cluster) in arguments
    return folder if ours else None


def start(cluster: Path, socket_folder: Path, log: Path, programs: Programs) -> None:
    """Start the server and wait until it takes connections.

    Raises:
        EmbeddedPostgresError: it did not start in time; the last lines of its log are quoted.
    """
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    log.touch(mode=0o600)
    os.chown(log, programs.user.uid, -1)
    options = f"-c unix_socket_directories={shlex.quote(str(socket_folder))} -p 5432"
    arguments = ("start", "-D", cluster, "-l", log, "-w", "-t", str(START_WITHIN_S), "-o", options)
    deadline = time.monotonic() + _ORPHANS_WITHIN_S
    while True:
        before = log.stat().st_size
        try:
            programs.run("pg_ctl", *arguments, within_s=START_WITHIN_S + 5)
        except EmbeddedPostgresError as exc:
            said = _log_since(log, before)
            # After a kill -9 of the server its children need a moment to notice and leave.
            if _ORPHANS in said and time.monotonic() < deadline:
                time.sleep(0.2)
                continue
            raise EmbeddedPostgresError(f"{exc}; {log} ends: {last_lines(said)}") from exc
        return


def stop(cluster: Path, programs: Programs) -> None:
    """Stop the server: fast (open transactions are rolled back), and when it hangs, immediately.

    An immediate stop loses nothing that was committed: the next start replays the log.

    Raises:
        EmbeddedPostgresError: it does not stop even immediately.
    """
    if socket_folder_of_running(cluster) is None:
        return
    try:
        _stop(cluster, programs, "fast", FAST_STOP_WITHIN_S)
    except EmbeddedPostgresError:
        _stop(cluster, programs, "immediate", IMMEDIATE_STOP_WITHIN_S)


def _stop(cluster: Path, programs: Programs, mode: str, within_s: int) -> None:
    arguments = ("stop", "-D", cluster, "-m", mode, "-w", "-t", str(within_s))
    programs.run("pg_ctl", *arguments, within_s=within_s + 5)


def _log_since(log: Path, offset: int) -> str:
    with log.open("rb") as file:
        file.seek(offset)
        return file.read().decode("utf-8", "replace")


def _arguments_of(pid: int) -> list[str]:
    if Path("/proc/self/cmdline").exists():
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return []
        return [os.fsdecode(part) for part in raw.split(b"\0")]
    return arguments_by_ps(pid)


def arguments_by_ps(pid: int) -> list[str]:
    """Give a process's arguments where there is no /proc (macOS); one with a space is split."""
    shown = subprocess.run(  # noqa: S603 -- the one argument that varies is a number
        ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return shown.stdout.split()
