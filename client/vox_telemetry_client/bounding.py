"""A bound on how long a request may take in all, by one thread for all requests of a connection.

httpx bounds each read, and a server that sends a byte now and then passes every one of these.
"""

import time
from collections.abc import Callable
from threading import Condition, Thread
from types import TracebackType


class Bound:
    """A context for one request after another; `cut` is called in the one that takes too long.

    And again each time that the limit passes: a request that still looked for its host had nothing
    to be cut.

    The thread begins with the first request and is not woken by the others: what it sleeps is never
    longer than the limit, so it is awake before a request can be late that began meanwhile.
    """

    def __init__(self, limit_s: float, cut: Callable[[], None]) -> None:
        """Take the limit, and what ends a request from another thread."""
        self._limit_s = limit_s
        self._cut = cut
        self._late_at_s: float | None = None  # None between requests
        self._closed = False
        self._changed = Condition()
        self._thread = Thread(target=self._watch, name="request bound", daemon=True)

    def __enter__(self) -> None:
        """Begin a request."""
        with self._changed:
            self._late_at_s = time.monotonic() + self._limit_s
        if self._thread.ident is None:
            self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it; from here on it is not cut any more."""
        with self._changed:
            self._late_at_s = None

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                sleep_s = self._limit_s
                if self._late_at_s is not None:
                    sleep_s = self._late_at_s - time.monotonic()
                    if sleep_s <= 0:
                        self._late_at_s = time.monotonic() + self._limit_s
                        sleep_s = self._limit_s
                        self._cut()
                self._changed.wait(sleep_s)
