"""What the spool holds, for a person to look at; changes nothing and needs no lock."""

from dataclasses import dataclass
from datetime import datetime

from vox_telemetry_client.folder import Folder, batch_ids, foreign_names
from vox_telemetry_client.journal import Acknowledged, Journal, Ledger
from vox_telemetry_client.limits import BATCH_OLD_AFTER_S
from vox_telemetry_client.lock import Holder, current_holder
from vox_telemetry_client.spool import used
from vox_telemetry_client.state import read_earliest
from vox_telemetry_spec.times import format_time

_UUID7_MS_DIGITS = 12


@dataclass(frozen=True)
class Overview:
    """Batches by id, and whatever needs a person's eye."""

    pending: list[str]
    pending_events: int
    rejected: list[str]
    old: list[str]  # pending for longer than BATCH_OLD_AFTER_S
    before_consent: list[str]  # pending, and older than a consent that does not include them
    unapproved: list[str]  # in pending/ without a journal line; the next upload sets them aside
    missing: list[str]  # approved by the journal, but the file is gone
    foreign: list[str]  # names in pending/ that are no batch; never sent
    unreadable_lines: int
    used_bytes: int
    seen_bytes: int  # digests of what was enqueued; bounded by itself and not part of the quota
    acknowledged_batches: int
    acknowledged_events: int
    last_acknowledged: Acknowledged | None
    earliest_next_attempt: datetime | None
    uploader: Holder | None


def look(folder: Folder, now: datetime, *, covers_from: datetime | None = None) -> Overview:
    """Return what is there; an absent spool is an empty one.

    `covers_from` is from when on consent covers what is enqueued, None where none is granted.

    Raises:
        SpoolUnsafeError: somebody else could change it.
        SpoolError: it cannot be read.

    """
    folder.check()
    ledger = Journal(folder.journal).ledger()
    pending = batch_ids(folder.pending)
    on_disk = {*pending, *batch_ids(folder.tmp)}
    return Overview(
        pending=pending,
        pending_events=sum(ledger.open[one].event_count for one in pending if one in ledger.open),
        rejected=batch_ids(folder.rejected),
        old=[one for one in pending if now.timestamp() - _made_at_s(one) > BATCH_OLD_AFTER_S],
        before_consent=_before_consent(pending, ledger, covers_from),
        unapproved=[one for one in pending if one not in ledger.open and one not in ledger.closed],
        missing=sorted(one for one in ledger.open if one not in on_disk),
        foreign=foreign_names(folder.pending),
        unreadable_lines=ledger.unreadable_lines,
        used_bytes=used(folder),
        seen_bytes=folder.seen.stat().st_size if folder.seen.exists() else 0,
        acknowledged_batches=ledger.acknowledged_batches,
        acknowledged_events=ledger.acknowledged_events,
        last_acknowledged=ledger.last_acknowledged,
        earliest_next_attempt=read_earliest(folder.state, now),
        uploader=current_holder(folder.upload_lock),
    )


def _before_consent(pending: list[str], ledger: Ledger, covers_from: datetime | None) -> list[str]:
    if covers_from is None:
        return []
    return [
        one
        for one in pending
        if _made_at_s(one) < covers_from.timestamp()
        and ledger.included.get(one) != format_time(covers_from)
    ]


def _made_at_s(batch_id: str) -> float:
    """Return when a batch was made, by its id (RFC 9562 5.7): no file need be read for that."""
    return int(batch_id.replace("-", "")[:_UUID7_MS_DIGITS], 16) / 1_000
