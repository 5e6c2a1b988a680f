"""The small applications that the sink is compared with, served as the sink is."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from processes import listens, scratch, started, wait_until

from support.world import free_port

APPS: Final = Path(__file__).resolve().parent / "apps"


@contextmanager
def served(name: str, env: Mapping[str, str] | None = None) -> Iterator[int]:
    """Serve `apps/<name>.py` by one uvicorn worker with uvloop and httptools; yield the port."""
    port = free_port()
    options = ("--loop", "uvloop", "--http", "httptools", "--ws", "none")
    quiet = ("--no-access-log", "--no-server-header", "--log-level", "warning")
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(APPS), f"{name}:app"]
    with scratch(f"{name}-") as folder:
        log = folder / "log"
        where = ("--port", str(port))
        with started([*command, *where, *options, *quiet], log, env) as process:
            wait_until(partial(listens, port), process, log)
            yield port
