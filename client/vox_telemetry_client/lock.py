"""An operating-system lock on a file: it dies with its process, however that ends.

The file names the holder, for the other one's message only; whether the lock is held is known to
the operating system alone. The file is never deleted: two processes could then hold two locks.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from vox_telemetry_client.errors import (
    SpoolBusyError,
    SpoolError,
    SpoolFullError,
    os_words,
)
from vox_telemetry_client.files import FILE_MODE, is_no_space
from vox_telemetry_spec.times import format_time

_POLL_S = 0.02
_HOLDER_BYTES = 128
# Windows has neither link flag nor, without the other, one byte for a line end.
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

if sys.platform == "win32":
    import msvcrt

    # Windows forbids others to read what is locked, so a byte far behind the text is.
    _LOCKED_AT = 1 << 30

    def _try(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCKED_AT, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@dataclass(frozen=True)
class Holder:
    """Who holds a lock, and since when (RFC 3339)."""

    pid: int
    since: str


@contextmanager
def held(path: Path, doing: str, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock at `path` inside the block; `doing` says what for, as in "upload".

    Raises:
        SpoolBusyError: another process has it, also after `wait_s` seconds.
        SpoolError: the lock file cannot be made or opened.

    """
    descriptor = _opened(path)
    try:
        give_up_s = time.monotonic() + wait_s
        while not _try(descriptor):
            if time.monotonic() >= give_up_s:
                holder = read_holder(path)
                who = f"pid {holder.pid} since {holder.since}" if holder else "another process"
                raise SpoolBusyError(f"{doing} is running: {who}; wait until it has ended")
            time.sleep(_POLL_S)
        _write_holder(descriptor)
        yield
    finally:
        os.close(descriptor)  # gives the lock back


def current_holder(path: Path) -> Holder | None:
    """Return who holds the lock at `path` now, or None; works on a read-only disk too."""
    if not path.exists():
        return None
    descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        return None if _try(descriptor) else read_holder(path)
    finally:
        os.close(descriptor)


def read_holder(path: Path) -> Holder | None:
    """Return who wrote the lock file last; a file caught half written names nobody."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_HOLDER_BYTES), type=Holder)
    except (OSError, msgspec.DecodeError):
        return None


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | _FLAGS, FILE_MODE)
    except OSError as exc:
        kind = SpoolFullError if is_no_space(exc) else SpoolError
        raise kind(
            f"the lock file {path} cannot be opened: {os_words(exc)}; nothing was changed"
        ) from exc


def _write_holder(descriptor: int) -> None:
    text = msgspec.json.encode(Holder(os.getpid(), format_time(datetime.now(UTC))))
    # As long as any other, so that the file need not be truncated: ext4 flushes to the disk what is
    # truncated and written anew (auto_da_alloc), and this is written with every change.
    text = text.ljust(_HOLDER_BYTES - 1) + b"\n"
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        os.write(descriptor, text)
    except OSError as exc:
        # The lock is held all the same, and an upload is what makes room again.
        if not is_no_space(exc):
            raise
