"""The journal: what was decided about each batch, one fsynced JSON line for each decision.

The line is the decision; files follow it (`settle` finishes what a crash cut short). A last line
without its end is a crash while writing: nothing had been decided yet. The next line starts anew.

Several decisions may share an fsync (`sync`), as long as no file follows them before it.

It only grows, and is never held in memory: `ledger` reads from it what it says of some batches,
`tally` its sums.
"""

import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import BinaryIO

import msgspec

from vox_telemetry_client.errors import SpoolError, SpoolFullError
from vox_telemetry_client.files import (
    FILE_MODE,
    is_no_space,
    open_regular,
    sync_folder,
    write_all,
)
from vox_telemetry_client.journal_lines import Enqueued, Line
from vox_telemetry_client.limits import RECEIVED_MAX_BATCHES, WINDOW_BATCHES
from vox_telemetry_spec.limits import RECEIPT_PROOF_MAX_BYTES

_TAIL_BYTES = 65_536
# Of lines that share an fsync: an attempt and a receipt take less than 1 KiB without the proof.
UNSYNCED_MAX_BYTES = RECEIVED_MAX_BATCHES * (RECEIPT_PROOF_MAX_BYTES + 1_024)
_ATTEMPT = b'{"event":"attempt",'  # as `append` writes it
_CUT_SHORT = b" <- cut short\n"  # makes any line before it unreadable


class Journal:
    """The file."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet; `path` need not exist."""
        self._path = path
        self._doubted = True  # whether the last fsync of a process before this one failed
        self._decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)

    def lines(
        self, start_bytes: int = 0, *, attempts: bool = True
    ) -> Iterator[tuple[int, Line | None]]:
        """Yield each whole line from there on, None for one that cannot be read, and where it ends.

        Of an `enqueue` that a crash cut short between its lines, none is yielded. Without
        `attempts` what begins as such a line is passed over: nothing is decided there.

        Raises:
            SpoolError: the journal is there and cannot be read.

        """
        end_bytes, due = start_bytes, 0
        try:
            with open_regular(self._path) as file:
                file.seek(start_bytes)
                for text in file:
                    if not text.endswith(b"\n"):
                        return
                    end_bytes += len(text)
                    if not attempts and text.startswith(_ATTEMPT):
                        continue
                    line = self._decoded(text)
                    if isinstance(line, Enqueued) and (line.first or line.rest):
                        decides = line.first == due and (due or self._is_whole(line, file))
                        file.seek(end_bytes)
                        if not decides:
                            continue
                        due = line.first + len(line.batches) if line.rest else 0
                    if text != b"\n":
                        yield end_bytes, line
        except FileNotFoundError:
            return
        except OSError as exc:
            raise SpoolError(f"the journal {self._path} cannot be read: {exc.strerror}") from exc

    def size_bytes(self) -> int:
        """Return how long the file is now.

        Raises:
            OSError: it is there and nothing can be learnt of it.

        """
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def last(self, most: int, *, within_bytes: int | None = None) -> list[Line | None]:
        """Return the last whole lines, `most` of them or fewer; None for one that is not readable.

        Only those that lie whole in the last `within_bytes`: a line may have megabytes.

        Raises:
            SpoolError: the journal is there and cannot be read.

        """
        end_bytes = self.size_bytes()
        first_bytes = 0 if within_bytes is None else max(0, end_bytes - within_bytes)
        tail = b""
        try:
            with open_regular(self._path) as file:
                # Their ends, and that of one before.
                while end_bytes > first_bytes and tail.count(b"\n") <= most:
                    start_bytes = max(first_bytes, end_bytes - _TAIL_BYTES)
                    file.seek(start_bytes)
                    tail = file.read(end_bytes - start_bytes) + tail
                    end_bytes = start_bytes
        except FileNotFoundError:
            return []
        except OSError as exc:
            raise SpoolError(f"the journal {self._path} cannot be read: {exc.strerror}") from exc
        whole = tail[: tail.rfind(b"\n") + 1].splitlines(keepends=True)
        if end_bytes:
            del whole[:1]  # it may have begun before
        return [self._decoded(text) for text in whole[-most:]]

    def append(self, *lines: Line, synced: bool = True) -> None:
        """Write lines at the end, and fsync them unless that is left to `sync`.

        The caller holds the spool's lock.

        Raises:
            SpoolFullError: no space; the journal is as it was.
            SpoolError: it cannot be written; the journal is as it was.

        """
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        flags |= getattr(os, "O_BINARY", 0)  # else Windows writes a line end of two bytes
        try:
            descriptor = os.open(self._path, flags, FILE_MODE)
            try:
                parts = (part for line in lines for part in _in_parts(line))
                size_bytes = _write(descriptor, b"".join(map(_encoded, parts)), synced=synced)
            finally:
                os.close(descriptor)
            if not size_bytes:  # its name is new in the folder
                sync_folder(self._path.parent)
        except OSError as exc:
            raise self._not_written(exc) from exc

    def sync(self) -> None:
        """Make all lines durable, whoever wrote them; the caller holds the spool's lock.

        Where an fsync has failed, the next one says that all is well although the lines are lost:
        Linux takes what it could not write for clean, and tells of it once. So the last lines are
        written anew, in their place, unless the fsync before this one is known to have succeeded.

        Raises:
            SpoolError: that cannot be done.

        """
        flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(self._path, flags)
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                if self._doubted:
                    _write_end_anew(file)
                self._doubted = True
                os.fsync(descriptor)
                self._doubted = False
        except FileNotFoundError:
            return  # taken away, and with it what there was to be kept
        except OSError as exc:
            raise self._not_written(exc) from exc

    def _not_written(self, exc: OSError) -> SpoolError:
        kind = SpoolFullError if is_no_space(exc) else SpoolError
        return kind(
            f"the journal {self._path} cannot be written: {exc.strerror}; "
            "nothing was changed, make room or mend its mode and try again"
        )

    def _is_whole(self, line: Enqueued, file: BinaryIO) -> bool:
        """Read on and tell whether the lines of one `enqueue` are all there."""
        due, rest = len(line.batches), line.rest
        while rest:
            found = self._decoded(file.readline())
            if not isinstance(found, Enqueued) or found.first != due:
                return False
            due, rest = due + len(found.batches), found.rest
        return True

    def _decoded(self, text: bytes) -> Line | None:
        try:
            return self._decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


def _in_parts(line: Line) -> Iterator[Line]:
    """Yield the line, or several where a reader should not have to hold it whole."""
    if not isinstance(line, Enqueued):
        yield line
        return
    for first in range(0, max(1, len(line.batches)), WINDOW_BATCHES):
        part = line.batches[first : first + WINDOW_BATCHES]
        yield Enqueued(line.at, part, first, len(line.batches) - first - len(part))


def _encoded(line: Line) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def _write(descriptor: int, text: bytes, *, synced: bool) -> int:
    """Write at the end, and return how long the file was before."""
    size = os.fstat(descriptor).st_size
    if size and _last_byte(descriptor) != b"\n":
        # Ends what a crash cut short. It decides nothing, even if only its line end is missing.
        text = _CUT_SHORT + text
    try:
        write_all(descriptor, text)
        if synced:
            os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise
    return size


def _write_end_anew(file: FileIO) -> None:
    start = max(0, os.fstat(file.fileno()).st_size - UNSYNCED_MAX_BYTES)
    file.seek(start)
    text = file.readall()
    file.seek(start)
    write_all(file.fileno(), text)


def _last_byte(descriptor: int) -> bytes:
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1)
