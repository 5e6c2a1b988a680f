"""The order in which a run takes what is pending: oldest first, those that failed before last.

A window of the backlog is held in memory, never the whole.
"""

from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from vox_telemetry_client.errors import SpoolError
from vox_telemetry_client.failing import Failing
from vox_telemetry_client.spool import Spool


class Waiting:
    """The batches that were pending when the run began, and the halves of those it split."""

    def __init__(self, spool: Spool, failing: Failing) -> None:
        """Read nothing yet."""
        self._spool = spool
        self._failing = failing
        self._window: deque[str] = deque()
        self._postponed: deque[str] = deque()
        self._last = ""  # of the windows so far
        self._until = ""  # the newest batch at the start: later ones are for the next run

    def begin(self) -> None:
        """Take note of what is pending now, also of what a crash has left in `tmp/`.

        Raises:
            SpoolError: the spool cannot be read or changed.

        """
        self._spool.finish()
        _, self._until = self._spool.extent()

    def head(self) -> str | None:
        """Return the batch to be tried next, or None at the end.

        Raises:
            SpoolError: the spool cannot be read.

        """
        while not self._window and self._last < self._until:
            found = self._spool.pending(after=self._last, until=self._until)
            self._last = found[-1] if found else self._until
            for batch_id in found:
                failed = self._failing.failed_before(batch_id)
                (self._postponed if failed else self._window).append(batch_id)
        if not self._window:
            self._window, self._postponed = self._postponed, deque()
        return self._window[0] if self._window else None

    def pop(self) -> None:
        """Take the head away."""
        self._window.popleft()

    def push(self, batch_ids: Iterable[str]) -> None:
        """Put others before the head, in their order."""
        self._window.extendleft(reversed(list(batch_ids)))

    def rest(self) -> tuple[list[str], int]:
        """Return the ids held in memory that were not tried, and how many more there are.

        The number is 0 where the spool cannot be read any more: that trouble is told elsewhere.
        """
        more = 0
        if self._last < self._until:
            with suppress(SpoolError):
                more, _ = self._spool.extent(after=self._last, until=self._until)
        return [*self._window, *self._postponed], more
