"""Wait for what another process does, within bounds."""

import time
from collections.abc import Callable

WAITED_AT_MOST_S = 30


def wait_for(happened: Callable[[], bool], within_s: float = WAITED_AT_MOST_S) -> None:
    """Ask until it is so.

    Raises:
        AssertionError: it was not so in time.
    """
    deadline = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < deadline, f"it did not happen within {within_s} s"
        time.sleep(0.05)
