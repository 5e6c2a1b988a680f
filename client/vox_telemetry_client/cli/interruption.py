"""Ctrl-C and SIGTERM end an upload in order: between two requests, or after a short grace.

The handler only notes the signal, so nothing is torn out of a change of the spool. A second signal
has its usual effect at once; that is a crash, which the spool outlives as any other.
"""

import signal
from collections.abc import Callable
from threading import Event, Thread
from types import FrameType, TracebackType
from typing import Self

from vox_telemetry_client.errors import InterruptedRunError, TerminatedRunError
from vox_telemetry_client.limits import INTERRUPT_GRACE_S

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Inside the block a first signal is noted; `check` tells the run of it."""

    def __init__(self, abandon: Callable[[], None], *, grace_s: float = INTERRUPT_GRACE_S) -> None:
        """Call `abandon` when the request under way lasts longer than the grace."""
        self._abandon = abandon
        self._grace_s = grace_s
        self._caught: int | None = None
        self._asked = Event()
        self._over = Event()
        # A thread that waits already: starting one inside a handler may deadlock.
        self._watch = Thread(target=self._abandon_after_grace, daemon=True)
        self._before: dict[signal.Signals, object] = {}

    def check(self) -> None:
        """Do nothing unless a signal came.

        Raises:
            InterruptedRunError: one came; TerminatedRunError for SIGTERM.

        """
        if self._caught == signal.SIGTERM:
            raise TerminatedRunError("ended by SIGTERM")
        if self._caught is not None:
            raise InterruptedRunError("interrupted")

    def __enter__(self) -> Self:
        """Take the signals; only the main thread of a program can."""
        self._watch.start()
        self._before = {one: signal.signal(one, self._note) for one in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the signals back."""
        self._give_back()
        self._over.set()
        self._asked.set()
        self._watch.join()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self._caught is None:
            self._caught = number
            self._give_back()
            self._asked.set()

    def _give_back(self) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)  # type: ignore[arg-type]  # what signal.signal returned

    def _abandon_after_grace(self) -> None:
        self._asked.wait()
        if not self._over.wait(self._grace_s):
            self._abandon()
