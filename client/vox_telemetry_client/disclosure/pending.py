"""What waits in the spool: a page of rows, or one batch with its bytes."""

from dataclasses import dataclass

from vox_telemetry_client.batch import Batch
from vox_telemetry_client.disclosure.opened import Opened
from vox_telemetry_client.files import read_at_most
from vox_telemetry_client.folder import Folder, batch_file, batch_ids
from vox_telemetry_client.limits import VIEW_PAGE_ROWS
from vox_telemetry_client.spool_view import SpoolView
from vox_telemetry_client.switches import Decision
from vox_telemetry_client.unapproved import not_approved
from vox_telemetry_spec.limits import CODED_BODY_MAX_BYTES
from vox_telemetry_spec.times import format_time


@dataclass(frozen=True)
class PendingRow:
    """One batch; numbers are None and times empty where its bytes are not the approved ones."""

    batch_id: str
    events: int | None
    size_bytes: int | None
    approved_at: str
    state: str


@dataclass(frozen=True)
class PendingRows:
    """The oldest VIEW_PAGE_ROWS after one id; `after` begins the next page, empty on the last."""

    rows: list[PendingRow]
    after: str


def rows(view: SpoolView, decision: Decision, after: str = "") -> PendingRows:
    """Return a page; no batch is read but those on it.

    Raises:
        SpoolError: the spool cannot be read.

    """
    waiting = view.waiting(after=after)
    on_page = waiting[:VIEW_PAGE_ROWS]
    more = on_page[-1] if len(waiting) > len(on_page) else ""
    return PendingRows([_row(view, decision, one) for one in on_page], more)


def find(view: SpoolView, wanted: str) -> Opened | None:
    """Return the batch of this id, None where none lies there.

    Raises:
        SpoolError: the spool cannot be read.

    """
    folder = view.folder
    # The name is taken from the folder, never from the question.
    batch_id = next((one for one in batch_ids(folder.pending) if one == wanted), None)
    if batch_id is None:
        return None
    batch = view.approved(batch_id)
    if batch is not None:
        return Opened("pending", batch_id, batch.payload, "")
    trouble = not_approved(folder, batch_id).detail
    return Opened("pending", batch_id, _bytes(folder, batch_id), trouble)


def is_covered(view: SpoolView, batch_id: str, decision: Decision) -> bool:
    """Tell whether the grant that holds now covers a batch.

    Raises:
        SpoolError: the journal cannot be read.

    """
    batch = view.approved(batch_id)
    return batch is not None and _covers(view, decision, batch)


def _row(view: SpoolView, decision: Decision, batch_id: str) -> PendingRow:
    batch = view.approved(batch_id)
    if batch is None:
        state = "changed since" if view.has_approval(batch_id) else "not approved"
        return PendingRow(batch_id, None, None, "", state)
    covered = _covers(view, decision, batch)
    state = "held back" if not decision.allowed else "ready" if covered else "before consent"
    at = "" if batch.approved_at is None else format_time(batch.approved_at)
    return PendingRow(batch_id, batch.event_count, len(batch.payload), at, state)


def _covers(view: SpoolView, decision: Decision, batch: Batch) -> bool:
    return decision.covers_from is not None and view.covered(batch, decision.covers_from)


def _bytes(folder: Folder, batch_id: str) -> bytes | None:
    try:
        payload = read_at_most(folder.pending / batch_file(batch_id), CODED_BODY_MAX_BYTES + 1)
    except OSError:
        return None
    return payload if len(payload) <= CODED_BODY_MAX_BYTES else None
