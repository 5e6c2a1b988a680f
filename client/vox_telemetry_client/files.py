"""Durable writes: a file is whole or absent, also after a power cut."""

import errno
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

FILE_MODE = 0o600
FOLDER_MODE = 0o700
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Windows has neither flag; its symbolic links need a privilege to make.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_READER_WAIT_S = 2.0  # our readers hold these small files open for milliseconds
_POLL_S = 0.02


def is_no_space(exc: OSError) -> bool:
    """Tell whether an error says that the disk, the user's quota or the file size limit is full."""
    return exc.errno in _NO_SPACE


def write_new(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Create `path` with `data`, whole or in pieces, and fsync it; a failed write leaves no file.

    Raises:
        FileExistsError: there is one already.
        OSError: it cannot be written.

    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines([data] if isinstance(data, bytes) else data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:  # the pieces may fail to come, too
        path.unlink(missing_ok=True)
        raise


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data` to a descriptor; a short write goes on. Nothing is fsynced.

    Raises:
        OSError: it cannot be written, or only in part: the caller takes it back.

    """
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def replace(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write `data` beside `path`, fsync, rename over `path`, fsync the folder.

    Raises:
        OSError: it cannot be written; `path` is as it was.

    """
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    beside.unlink(missing_ok=True)
    write_new(beside, data)
    try:
        _rename_over(beside, path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _rename_over(new: Path, path: Path) -> None:
    """Rename `new` over `path`; Windows refuses that for the moment in which somebody reads it."""
    give_up_s = time.monotonic() + (_READER_WAIT_S if sys.platform == "win32" else 0.0)
    while True:
        try:
            new.replace(path)
        except PermissionError:
            if time.monotonic() >= give_up_s:
                raise
            time.sleep(_POLL_S)
        else:
            return


def read_at_most(path: Path, max_bytes: int, *, follow_link: bool = False) -> bytes:
    """Return the first `max_bytes` of a regular file; a link is followed only where that is asked.

    Raises:
        OSError: absent, no regular file, or it cannot be read.

    """
    with open_regular(path, 0 if follow_link else _NO_FOLLOW) as file:
        return file.read(max_bytes)


def open_regular(path: Path, flags: int = 0) -> BinaryIO:
    """Open a regular file to be read; a named pipe would keep its reader waiting for ever.

    Raises:
        OSError: absent, no regular file, or it cannot be read.

    """
    descriptor = os.open(path, _READ | flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no regular file")
    return os.fdopen(descriptor, "rb")


def delete(path: Path) -> None:
    """Delete what lies at `path`, whatever it is; a link goes and its target stays.

    Raises:
        OSError: it cannot be deleted.

    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make renames and unlinks in `folder` durable; Windows has no such call and needs none."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
