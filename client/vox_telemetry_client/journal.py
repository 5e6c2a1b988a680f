"""The journal: what was decided about each batch, one fsynced JSON line for each decision.

The line is the decision; files follow it (`settle` finishes what a crash cut short). A last line
without its end is a crash while writing: nothing had been decided yet. The next line starts anew.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import msgspec

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.consent import Consent
from vox_telemetry_client.errors import SpoolError, SpoolFullError
from vox_telemetry_client.files import FILE_MODE, is_no_space, sync_folder, write_all
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.receipt import Receipt


class _Line(msgspec.Struct, frozen=True, tag_field="event", omit_defaults=True):
    at: str


class Enqueued(_Line, frozen=True, tag="enqueued"):
    """All batches of one `enqueue`: they are approved together or not at all."""

    batches: list[Approval]


class Attempt(_Line, frozen=True, tag="attempt"):
    """One request and what its answer asks for; `status` 0 means that no answer came."""

    batch_id: str
    duty: str
    status: int = 0


class Acknowledged(_Line, frozen=True, tag="acknowledged"):
    """The sink holds the batch and said so."""

    batch_id: str
    receipt: Receipt
    duplicate: bool = False


class Rejected(_Line, frozen=True, tag="rejected"):
    """The batch is set aside."""

    batch_id: str
    problem: Problem


class Split(_Line, frozen=True, tag="split"):
    """A batch was too large for the sink; these smaller ones take its place."""

    batch_id: str
    batches: list[Approval]


class Pruned(_Line, frozen=True, tag="pruned"):
    """Rows that retention takes from a database, by table; written just before they are deleted.

    A crash between the two leaves the line and the rows; the next prune then counts them again.
    """

    database: str
    policy: str
    tables: dict[str, int]


class ConsentDecided(_Line, frozen=True, tag="consent"):
    """What the operator decided; `included` are earlier batches that a grant covers as well."""

    consent: Consent
    included: list[str] = []


class Discarded(_Line, frozen=True, tag="discarded"):
    """A person had these batches deleted; `reason` says by which command."""

    batch_ids: list[str]
    reason: str


_CUT_SHORT = b" <- cut short\n"  # makes any line before it unreadable

Line: TypeAlias = (
    Enqueued | Attempt | Acknowledged | Rejected | Split | Pruned | ConsentDecided | Discarded
)
Closing: TypeAlias = Acknowledged | Rejected | Split | Discarded


@dataclass
class Ledger:
    """What the journal adds up to: approved and open, or closed and how."""

    open: dict[str, Approval] = field(default_factory=dict)
    closed: dict[str, tuple[Approval | None, Closing]] = field(default_factory=dict)
    included: dict[str, str] = field(default_factory=dict)  # batch id → its grant's covers_from
    unreadable_lines: int = 0
    last_acknowledged: Acknowledged | None = None
    acknowledged_batches: int = 0
    acknowledged_events: int = 0

    def was_enqueued(self, batch_id: str) -> bool:
        """Tell whether a batch waits or went its way; one that nobody decided on did not."""
        if batch_id in self.open:
            return True
        _, line = self.closed.get(batch_id, (None, None))
        return isinstance(line, Acknowledged | Rejected | Split)

    def add(self, line: Line) -> None:
        """Apply one decision."""
        if isinstance(line, Attempt | Pruned):
            return
        if isinstance(line, ConsentDecided):
            self.included |= dict.fromkeys(line.included, line.consent.covers_from)
        if isinstance(line, Discarded):
            for batch_id in line.batch_ids:
                self._close(batch_id, line)
        if isinstance(line, Acknowledged | Rejected | Split):
            self._close(line.batch_id, line)
        if isinstance(line, Enqueued | Split):
            self.open |= {approval.batch_id: approval for approval in line.batches}
        if isinstance(line, Acknowledged):
            self.last_acknowledged = line
            self.acknowledged_batches += 1
            self.acknowledged_events += line.receipt.event_count

    def _close(self, batch_id: str, line: Closing) -> None:
        self.closed[batch_id] = (self.open.pop(batch_id, None), line)
        self.included.pop(batch_id, None)


class Journal:
    """The file, read once and then only what is new."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet; `path` need not exist."""
        self._path = path
        self._read_bytes = 0
        self._ledger = Ledger()
        self._decoder = msgspec.json.Decoder(Line)

    def ledger(self) -> Ledger:
        """Return the sum of all whole lines; one that cannot be read is counted, not obeyed.

        Raises:
            SpoolError: the journal is there and cannot be read.

        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._read_bytes)
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self._read_bytes += len(line)
                    self._add(line)
        except FileNotFoundError:
            return self._ledger
        except OSError as exc:
            raise SpoolError(f"the journal {self._path} cannot be read: {exc.strerror}") from exc
        return self._ledger

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
                _write(descriptor, msgspec.json.encode(line) + b"\n")
            finally:
                os.close(descriptor)
            sync_folder(self._path.parent)
        except OSError as exc:
            kind = SpoolFullError if is_no_space(exc) else SpoolError
            raise kind(
                f"the journal {self._path} cannot be written: {exc.strerror}; "
                "nothing was changed, make room or mend its mode and try again"
            ) from exc

    def _add(self, line: bytes) -> None:
        try:
            self._ledger.add(self._decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._ledger.unreadable_lines += bool(line.strip())


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
