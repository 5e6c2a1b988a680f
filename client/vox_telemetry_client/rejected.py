"""What was set aside: look at it, put it back, or have it deleted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import msgspec

from vox_telemetry_client.batch import Approval, Batch, sha256_hex
from vox_telemetry_client.errors import BatchUnknownError
from vox_telemetry_client.files import read_at_most
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.history import Fate, fates
from vox_telemetry_client.journal_lines import REJECTED, Discarded, Retried
from vox_telemetry_client.set_aside import (
    Copy,
    by_id,
    copies,
    delete_copies,
    put_back,
    set_aside_at,
)
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.limits import CODED_BODY_MAX_BYTES
from vox_telemetry_spec.problems import Problem

# Answers that say something of the batch's own content, so the same bytes get them again (wire 7).
_ABOUT_CONTENT = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


@dataclass(frozen=True)
class SetAside:
    """One file in `rejected/`; `events` is None where its bytes are not the approved ones."""

    copy: Copy
    at: datetime | None  # since when, by the file of the reason
    problem: Problem | None
    payload: bytes | None  # None where it cannot be read
    events: int | None

    @property
    def sha256(self) -> str | None:
        """The digest of the bytes that lie there, in hex."""
        return None if self.payload is None else sha256_hex(self.payload)

    @property
    def is_refused_for_content(self) -> bool:
        """Whether a sink that has not changed will refuse the same bytes again."""
        return self.problem is not None and self.problem.status in _ABOUT_CONTENT


@dataclass(frozen=True)
class PutBack:
    """What a retry did with one batch: put this copy back, or left it because of `why`."""

    batch_id: str
    why: str
    copy: Copy | None = None
    batch: Batch | None = None
    is_refused_for_content: bool = False


def listed(folder: Folder, among: Sequence[Copy] | None = None) -> Iterator[SetAside]:
    """Yield what was set aside, or some of it, oldest batch first, one after another from the disk.

    Raises:
        SpoolError: the spool cannot be read.

    """
    found = copies(folder) if among is None else among
    known = fates(folder.journal, {copy.batch_id for copy in found})
    for copy in found:
        yield _read(folder, copy, known[copy.batch_id])


def find(folder: Folder, wanted: str) -> SetAside:
    """Return what goes by this name, or the only one whose name begins so.

    Raises:
        BatchUnknownError: there is none, or more than one.
        SpoolError: the spool cannot be read.

    """
    found = copies(folder)
    matching = [copy for copy in found if copy.stem == wanted] or [
        copy for copy in found if copy.stem.startswith(wanted)
    ]
    if len(matching) != 1:
        raise BatchUnknownError(
            f"{len(matching)} batches that were set aside begin with '{wanted}', expected one: "
            "`vox-telemetry rejected list` lists them"
        )
    (copy,) = matching
    return _read(folder, copy, fates(folder.journal, {copy.batch_id})[copy.batch_id])


def ids_of(folder: Folder, wanted: Sequence[str] | None) -> list[str]:
    """Return the batch ids that are meant, each once; None means all that were set aside.

    Raises:
        BatchUnknownError: one of them names no batch, or more than one.
        SpoolError: the spool cannot be read.

    """
    there = list(by_id(folder))
    if wanted is None:
        return there
    return list(dict.fromkeys(_id_of(there, one) for one in wanted))


def retry(spool: Spool, batch_ids: Sequence[str]) -> list[PutBack]:
    """Put batches back under their ids where the bytes are the approved ones; the rest stay.

    The sink knows a batch by its id, so one that it holds already is a duplicate there.

    Raises:
        SpoolError: the spool cannot be read or changed.

    """
    with spool.changing() as decide:
        known, found = fates(spool.folder.journal, set(batch_ids)), by_id(spool.folder)
        tried = [_tried(spool, one, known[one], found.get(one, [])) for one in batch_ids]
        approvals = [one.batch.approval for one in tried if one.batch is not None]
        if approvals:
            decide(Retried(spool.at(), approvals))
        for one in tried:
            if one.copy is not None:
                put_back(spool.folder, one.copy)
    return tried


def discard(spool: Spool, batch_ids: Sequence[str], reason: str) -> None:
    """Delete what was set aside under these ids, after a line that says so.

    Raises:
        SpoolError: the spool cannot be changed.

    """
    if not batch_ids:
        return
    with spool.changing() as decide:
        found = by_id(spool.folder)
        decide(Discarded(spool.at(), list(batch_ids), reason, room=REJECTED))
        for batch_id in batch_ids:
            delete_copies(spool.folder, found.get(batch_id, []))


def _tried(spool: Spool, batch_id: str, fate: Fate, found: Sequence[Copy]) -> PutBack:
    why = _why_not(spool, batch_id, fate)
    if why or fate.approval is None:
        return PutBack(batch_id, why)
    for read in (_read(spool.folder, copy, fate) for copy in found):
        if read.payload is not None and read.events is not None:
            batch = Batch(batch_id, read.payload, read.events)
            return PutBack(batch_id, "", read.copy, batch, read.is_refused_for_content)
    return PutBack(batch_id, "what lies there is not the bytes that were approved")


def _why_not(spool: Spool, batch_id: str, fate: Fate) -> str:
    if fate.is_settled:
        return "its events went already: the sink holds them, or smaller batches took its place"
    if fate.is_discarded:
        return "it was discarded; enqueue its events again where they are still wanted"
    if fate.approval is None:
        return "no line of the journal approves it"
    if spool.waits(batch_id):
        return "something lies in pending/ under this id"
    return ""


def _id_of(there: Sequence[str], wanted: str) -> str:
    matching = [one for one in there if one.startswith(wanted) or wanted.startswith(f"{one}.")]
    if len(matching) != 1:
        raise BatchUnknownError(
            f"{len(matching)} batches that were set aside begin with '{wanted}', expected one: "
            "`vox-telemetry rejected list` lists them"
        )
    return matching[0]


def _read(folder: Folder, copy: Copy, fate: Fate) -> SetAside:
    try:
        payload = read_at_most(copy.file(folder), CODED_BODY_MAX_BYTES + 1)
    except OSError:
        payload = None
    return SetAside(
        copy,
        set_aside_at(folder, copy),
        _problem(folder, copy),
        payload,
        _events(payload, fate.approval),
    )


def _events(payload: bytes | None, approval: Approval | None) -> int | None:
    if payload is None or approval is None:
        return None
    return approval.event_count if approval.approves(payload) else None


def _problem(folder: Folder, copy: Copy) -> Problem | None:
    try:
        raw = read_at_most(copy.problem_file(folder), CODED_BODY_MAX_BYTES)
        return msgspec.json.decode(raw, type=Problem)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
