"""Operating-system locks that die with their process."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from vox_telemetry_sink.embedded.errors import EmbeddedPostgresError

LOCK_WITHIN_S: Final = 180  # the one before us may be making the cluster
_POLL_S: Final = 0.05


@contextmanager
def turn(path: Path, within_s: float = LOCK_WITHIN_S) -> Iterator[None]:
    """Hold the exclusive lock on a file, waiting for whoever holds it now.

    Raises:
        EmbeddedPostgresError: it was not free within `within_s` seconds.
    """
    with _opened(path) as descriptor:
        deadline = time.monotonic() + within_s
        while not _locked(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"another process has held {path} for {within_s:g} s; see who with: lsof {path}"
                )
            time.sleep(_POLL_S)
        yield


class Use:
    """A shared lock on a file: as long as one is held somewhere, the server is in use."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        fcntl.flock(descriptor, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """Say whether nobody else uses the server; ask when leaving, while holding the turn.

        A lock that is asked for in vain is lost (flock(2)): after False we count no longer.
        """
        return _locked(self._descriptor, fcntl.LOCK_EX)


@contextmanager
def use(path: Path) -> Iterator[Use]:
    """Count as a user of the server until the block ends or this process dies."""
    with _opened(path) as descriptor:
        yield Use(descriptor)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
