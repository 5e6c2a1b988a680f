"""The journal: what was decided about each batch, one fsynced JSON line for each decision.

The line is the decision; files follow it (`settle` finishes what a crash cut short). A last line
without its end is a crash while writing: nothing had been decided yet. The next line starts anew.

It only grows, and is never held in memory: `ledger` reads from it what it says of some batches,
`tally` its sums.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

import msgspec

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.consent import Consent
from vox_telemetry_client.errors import SpoolError, SpoolFullError
from vox_telemetry_client.files import FILE_MODE, is_no_space, sync_folder, write_all
from vox_telemetry_client.limits import WINDOW_BATCHES
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.receipt import Receipt
from vox_telemetry_spec.receipt_signature import SignedReceipt


class _Line(msgspec.Struct, frozen=True, tag_field="event", omit_defaults=True):
    at: str


class Enqueued(_Line, frozen=True, tag="enqueued"):
    """Batches of one `enqueue`: all of them are approved together or not at all.

    Many take several lines, one directly after another: `first` is how many batches stand in the
    lines before, `rest` how many in those that follow. The line without a rest approves them all.
    """

    batches: list[Approval]
    first: int = 0
    rest: int = 0


class Ended(msgspec.Struct, frozen=True):
    """What a line closes: `tally` need not look back for it.

    Absent where not all of its batches were open, and in lines of the format before it.
    """

    events: int
    bytes: int


class Attempt(_Line, frozen=True, tag="attempt"):
    """One request and what its answer asks for; `status` 0 means that no answer came."""

    batch_id: str
    duty: str
    status: int = 0


class Acknowledged(_Line, frozen=True, tag="acknowledged"):
    """The sink holds the batch and said so.

    `proof` is what it signed, to be verified again; `sink_key_id` names the key that was pinned
    and whose signature it was then found to be.
    """

    batch_id: str
    receipt: Receipt
    duplicate: bool = False
    ended: Ended | None = None
    proof: SignedReceipt | None = None
    sink_key_id: str | None = None


class Proof(NamedTuple):
    """The last two members of `Acknowledged`."""

    signed: SignedReceipt | None
    sink_key_id: str | None


UNSIGNED = Proof(None, None)


class Rejected(_Line, frozen=True, tag="rejected"):
    """The batch is set aside."""

    batch_id: str
    problem: Problem
    ended: Ended | None = None


class Split(_Line, frozen=True, tag="split"):
    """A batch was too large for the sink; these smaller ones take its place."""

    batch_id: str
    batches: list[Approval]
    ended: Ended | None = None


class Pruned(_Line, frozen=True, tag="pruned"):
    """Rows that retention takes from a database, by table; written just before they are deleted.

    A crash between the two leaves the line and the rows; the next prune then counts them again.
    """

    database: str
    policy: str
    tables: dict[str, int]


class ConsentDecided(_Line, frozen=True, tag="consent"):
    """What the operator decided; a grant may cover what was approved before this line as well."""

    consent: Consent
    include_pending: bool = False


class Discarded(_Line, frozen=True, tag="discarded"):
    """A person had these batches deleted; `reason` says by which command.

    `room` names the one folder in which they lay; without it, all that lies under the ids goes.
    """

    batch_ids: list[str]
    reason: str
    ended: Ended | None = None
    room: str = ""


class Retried(_Line, frozen=True, tag="retried"):
    """A person put back what was set aside; the approvals are those of before."""

    batches: list[Approval]


class Foreign(_Line, frozen=True, tag="foreign"):
    """Files in `pending/` that are no batches, by name; moved to `folder` just after."""

    names: list[str]
    folder: str


class Cleaned(_Line, frozen=True, tag="cleaned"):
    """Files that are no batches, by path under the spool; deleted just after."""

    files: list[str]
    reason: str


PENDING, REJECTED = "pending", "rejected"  # what `Discarded.room` may say
_TAIL_BYTES = 65_536
_CUT_SHORT = b" <- cut short\n"  # makes any line before it unreadable

Line: TypeAlias = (
    Enqueued
    | Attempt
    | Acknowledged
    | Rejected
    | Split
    | Pruned
    | ConsentDecided
    | Discarded
    | Retried
    | Foreign
    | Cleaned
)
Closing: TypeAlias = Acknowledged | Rejected | Split | Discarded


class Journal:
    """The file."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet; `path` need not exist."""
        self._path = path
        self._decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)

    def lines(self, start_bytes: int = 0) -> Iterator[tuple[int, Line | None]]:
        """Yield each whole line from there on, None for one that cannot be read, and where it ends.

        Of an `enqueue` that a crash cut short between its lines, none is yielded.

        Raises:
            SpoolError: the journal is there and cannot be read.

        """
        end_bytes, due = start_bytes, 0
        try:
            with self._path.open("rb") as file:
                file.seek(start_bytes)
                for text in file:
                    if not text.endswith(b"\n"):
                        return
                    end_bytes += len(text)
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

    def last(self) -> Line | None:
        """Return the last whole line; None where there is none or it cannot be read.

        Raises:
            SpoolError: the journal is there and cannot be read.

        """
        end_bytes = self.size_bytes()
        tail = b""
        try:
            with self._path.open("rb") as file:
                while end_bytes and tail.count(b"\n") < 2:  # noqa: PLR2004 -- its end, the one before
                    start_bytes = max(0, end_bytes - _TAIL_BYTES)
                    file.seek(start_bytes)
                    tail = file.read(end_bytes - start_bytes) + tail
                    end_bytes = start_bytes
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise SpoolError(f"the journal {self._path} cannot be read: {exc.strerror}") from exc
        whole = tail[: tail.rfind(b"\n") + 1].splitlines(keepends=True)
        return self._decoded(whole[-1]) if whole else None

    def append(self, line: Line) -> None:
        """Write a line at the end and fsync it; the caller holds the spool's lock.

        Raises:
            SpoolFullError: no space; the journal is as it was.
            SpoolError: it cannot be written; the journal is as it was.

        """
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        flags |= getattr(os, "O_BINARY", 0)  # else Windows writes a line end of two bytes
        try:
            descriptor = os.open(self._path, flags, FILE_MODE)
            try:
                _write(descriptor, b"".join(map(_encoded, _in_parts(line))))
            finally:
                os.close(descriptor)
            sync_folder(self._path.parent)
        except OSError as exc:
            kind = SpoolFullError if is_no_space(exc) else SpoolError
            raise kind(
                f"the journal {self._path} cannot be written: {exc.strerror}; "
                "nothing was changed, make room or mend its mode and try again"
            ) from exc

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


def _write(descriptor: int, text: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size and _last_byte(descriptor) != b"\n":
        # Ends what a crash cut short. It decides nothing, even if only its line end is missing.
        text = _CUT_SHORT + text
    try:
        write_all(descriptor, text)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _last_byte(descriptor: int) -> bytes:
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1)
