"""Programs that a benchmark runs beside itself: started with a log file, waited for, ended."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx

from support.cli import end

# On the disk of the checkout: /tmp may be memory, where a commit costs nothing.
RESULTS: Final = Path(__file__).resolve().parent / "results"
_READY_WITHIN_S: Final = 30.0


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """Make a folder on the disk for the length of a block."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=prefix, dir=RESULTS) as folder:
        yield Path(folder)


@contextmanager
def started(
    command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run a program for the length of a block; what it says goes to a file, as with any service."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("VOX_")}
    with (
        log.open("w", encoding="utf-8") as out,
        subprocess.Popen(  # noqa: S603 -- our own programs and the peers, no shell
            command,
            env=ours | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            end(process)


def wait_until(is_ready: Callable[[], bool], process: subprocess.Popen[str], log: Path) -> None:
    """Return once a program is ready.

    Raises:
        RuntimeError: it has ended or takes too long; its log is quoted.

    """
    deadline_s = time.monotonic() + _READY_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline_s:
        if is_ready():
            return
        time.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace")[-2_000:]
    raise RuntimeError(f"{process.args!r} was not ready within {_READY_WITHIN_S:.0f} s: {said}")


def listens(port: int) -> bool:
    """Tell whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    """Tell whether a GET is answered with success."""
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False
