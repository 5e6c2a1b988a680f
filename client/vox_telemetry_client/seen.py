"""The spool's memory of which events were enqueued: digests, no data, for telling repeats.

A file of rows of 32 bytes, a batch id and the digest of one of its events, written before the
journal's line. A row counts only where the journal says that its batch was enqueued, so a crash
between the two leaves rows that say nothing. Nobody needs the file: without it repeats are taken
for new.
"""

import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vox_telemetry_client.batch import Batch
from vox_telemetry_client.files import FILE_MODE, write_all
from vox_telemetry_client.repeats import DIGEST_BYTES, payload_digests

_ID_BYTES = 16
_ROW_BYTES = _ID_BYTES + DIGEST_BYTES
_CHUNK_ROWS = 8_192


class Seen:
    """The file; whoever writes holds the spool's lock."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet; `path` need not exist."""
        self._path = path

    @contextmanager
    def adding(self, batches: Sequence[Batch]) -> Iterator[None]:
        """Write the rows of `batches`, fsynced; take them back when the block fails.

        Raises:
            OSError: it cannot be written; the file is as it was.

        """
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(self._path, flags | getattr(os, "O_BINARY", 0), FILE_MODE)
        try:
            size = os.fstat(descriptor).st_size // _ROW_BYTES * _ROW_BYTES
            os.ftruncate(descriptor, size)  # a row that a crash cut short
            try:
                write_all(descriptor, b"".join(map(_rows, batches)))
                yield
            except BaseException:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)

    def count(self, wanted: set[bytes], enqueued: Callable[[str], bool]) -> Counter[bytes]:
        """Return how often each wanted digest stands in a batch of which `enqueued` is true.

        Raises:
            OSError: it is there and cannot be read.

        """
        found: Counter[bytes] = Counter()
        if not self._path.exists():
            return found
        with self._path.open("rb") as file:
            while chunk := file.read(_CHUNK_ROWS * _ROW_BYTES):
                for at in range(0, len(chunk) - _ROW_BYTES + 1, _ROW_BYTES):
                    digest = chunk[at + _ID_BYTES : at + _ROW_BYTES]
                    if digest in wanted and enqueued(
                        str(uuid.UUID(bytes=chunk[at : at + _ID_BYTES]))
                    ):
                        found[digest] += 1
        return found


def _rows(batch: Batch) -> bytes:
    batch_id = uuid.UUID(batch.batch_id).bytes
    return b"".join(batch_id + digest for digest in payload_digests(batch.payload))
