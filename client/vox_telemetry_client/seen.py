"""The spool's memory of which events were enqueued: digests, no data, for telling repeats.

A file of rows of 32 bytes, a batch id and the digest of one of its events, written before the
journal's line. A row counts only where the journal says that its batch was enqueued, so a crash
between the two leaves rows that say nothing. Nobody needs the file: without it repeats are taken
for new. So it may forget: of more rows than SEEN_MAX_BYTES holds, the oldest go.
"""

import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

from vox_telemetry_client.batch import Batch
from vox_telemetry_client.files import FILE_MODE, replace, write_all
from vox_telemetry_client.limits import SEEN_MAX_BYTES
from vox_telemetry_client.repeats import DIGEST_BYTES, payload_digests

_ID_BYTES = 16
_ROW_BYTES = _ID_BYTES + DIGEST_BYTES
_CHUNK_ROWS = 8_192

Mark: TypeAlias = tuple[int, int, int]  # which file, how long, when written


class Seen:
    """The file; whoever writes holds the spool's lock."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet; `path` need not exist."""
        self._path = path

    def mark(self) -> Mark:
        """Return what changes with every enqueue; an absent file has one too.

        Raises:
            OSError: nothing can be learnt of it.

        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return (0, 0, 0)
        return (found.st_ino, found.st_size, found.st_mtime_ns)

    @contextmanager
    def adding(self) -> Iterator[Callable[[Batch], None]]:
        """Yield what writes the rows of a batch; all are taken back when the block fails.

        Nothing is fsynced: rows that a power cut takes make repeats look new, and no more.

        Raises:
            OSError: it cannot be written; the file is as it was.

        """
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(self._path, flags | getattr(os, "O_BINARY", 0), FILE_MODE)
        try:
            size = os.fstat(descriptor).st_size // _ROW_BYTES * _ROW_BYTES
            os.ftruncate(descriptor, size)  # a row that a crash cut short
            try:
                yield lambda batch: write_all(descriptor, _rows(batch))
            except BaseException:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)

    def forget(self) -> None:
        """Let the oldest rows go, as many as there are too many.

        Raises:
            OSError: it cannot be written; the file is as it was.

        """
        if self._path.stat().st_size <= SEEN_MAX_BYTES:
            return
        with self._path.open("rb") as file:
            file.seek(-(SEEN_MAX_BYTES // _ROW_BYTES * _ROW_BYTES), os.SEEK_END)
            newest = file.read()
        replace(self._path, newest)

    def count(self, enqueued: Callable[[str], bool]) -> Counter[bytes]:
        """Return how often each digest stands in a batch of which `enqueued` is true.

        Raises:
            OSError: it is there and cannot be read.

        """
        found: Counter[bytes] = Counter()
        for batch_id, digests in self._batches():
            if enqueued(batch_id):
                found.update(digests)
        return found

    def _batches(self) -> Iterator[tuple[str, list[bytes]]]:
        """Yield runs of rows of one batch: its id, and the digests."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            while chunk := file.read(_CHUNK_ROWS * _ROW_BYTES):
                rows = range(0, len(chunk) - _ROW_BYTES + 1, _ROW_BYTES)
                for batch_id, at in groupby(rows, lambda at: chunk[at : at + _ID_BYTES]):
                    digests = [chunk[one + _ID_BYTES : one + _ROW_BYTES] for one in at]
                    yield str(uuid.UUID(bytes=batch_id)), digests


def _rows(batch: Batch) -> bytes:
    batch_id = uuid.UUID(batch.batch_id).bytes
    return b"".join(batch_id + digest for digest in payload_digests(batch.payload))
