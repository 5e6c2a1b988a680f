"""A program that a test starts and that cannot outlive it, however the test's process ends.

The program's standard input is a pipe of ours, and it ends when the pipe does: the kernel closes it
after a failed test and after Ctrl-C, SIGTERM and SIGKILL alike. A byte in it says the same, since a
child that a test has forked holds the pipe open.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from vox_telemetry_sink.testing.errors import PluginError

READY_WITHIN_S: Final = 120.0  # a busy machine makes an embedded cluster slowly
ENDED_WITHIN_S: Final = 60.0  # an embedded Postgres is given 30 s to stop in order
_POLL_S: Final = 0.02
_SHOWN_CHARS: Final = 2_000  # of a log: a screen
_END: Final = b"."
# `-P`: `-m` alone looks for modules in the working folder first, which may be /tmp or a test's own.
PYTHON: Final = (sys.executable, "-P", "-m")


class Child:
    """A module of ours, run by this Python in a session of its own: Ctrl-C does not reach it."""

    def __init__(
        self, module: str, *args: str, environment: Mapping[str, str], cwd: Path, log: Path
    ) -> None:
        """Start it; what it says is added to the file `log`."""
        self._module = module
        self._log = log
        with log.open("ab") as said:
            self._process = subprocess.Popen(  # noqa: S603 -- our own modules, no shell
                [*PYTHON, module, *args],
                env=environment,
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def is_running(self) -> bool:
        """Say whether it has not ended."""
        return self._process.poll() is None

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until `ready` says so.

        Raises:
            PluginError: it ended before, or took longer than READY_WITHIN_S; with its last words.

        """
        deadline = time.monotonic() + READY_WITHIN_S
        while not ready():
            if not self.is_running():
                raise PluginError(f"{self._module} ended while it started: {self._last_words()}")
            if time.monotonic() > deadline:
                raise PluginError(
                    f"{self._module} was not ready within {READY_WITHIN_S:.0f} s: "
                    f"{self._last_words()}"
                )
            time.sleep(_POLL_S)

    def end(self) -> None:
        """Tell it, and close its input, which ends it in order; kill it when it does not."""
        with self._process:
            try:
                self._process.communicate(_END, ENDED_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def _last_words(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-_SHOWN_CHARS:].strip()


def wait_for_the_end_of_input() -> None:
    """Return when whoever started this program says so, has closed its input, or is gone.

    By the descriptor: a thread that waits in `sys.stdin` keeps the interpreter from its end.
    """
    os.read(0, 1)
