"""Look at and end processes that a test started, by their number."""

import os
import signal
import time
from pathlib import Path

GONE_WITHIN_S = 10


def is_running(pid: int) -> bool:
    """Say whether the process lives; a zombie does not (a container's init may never reap it)."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill_now(pid: int) -> None:
    """Send SIGKILL and wait until the process is gone: the signal alone is not the death."""
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + GONE_WITHIN_S
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} outlived SIGKILL"
        time.sleep(0.01)


def server_pid(data_dir: Path) -> int:
    """Give the process id of the embedded Postgres that runs on a data directory."""
    return int((data_dir / "postgres/pg/postmaster.pid").read_text().splitlines()[0])
