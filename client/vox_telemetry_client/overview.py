"""What the spool holds, for a person to look at; changes nothing and needs no lock.

One reading of the journal and one of each folder, whatever their size; the memory is bounded.
"""

from dataclasses import dataclass
from datetime import datetime

from vox_telemetry_client.differences import Differences, compare
from vox_telemetry_client.folder import Folder, entries, size_bytes, used
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.journal_lines import Acknowledged
from vox_telemetry_client.left_behind import LeftBehind
from vox_telemetry_client.limits import BATCH_OLD_AFTER_S
from vox_telemetry_client.listing import Listing, id_at, scan
from vox_telemetry_client.lock import Holder, current_holder
from vox_telemetry_client.next_step import Counts
from vox_telemetry_client.some import Some
from vox_telemetry_client.state import read_earliest
from vox_telemetry_client.tally import Tally
from vox_telemetry_spec.times import format_time


@dataclass(frozen=True)
class Overview:
    """Batches by id, and whatever needs a person's eye."""

    pending: Some
    pending_events: int
    rejected: Some
    old: Some  # pending for longer than BATCH_OLD_AFTER_S
    before_consent: Some  # pending, and older than a consent that does not include them
    unapproved: Some  # in pending/ without a journal line; the next upload sets them aside
    missing: Some  # approved by the journal, but the file is gone
    unnamed_parts: int  # of the ids, where more is unapproved or missing than is looked at
    damaged: Some  # in pending/, no batch by kind or size alone; never sent
    foreign: Some  # names in pending/ that are no batch; never sent
    unreadable_lines: int
    used_bytes: int
    seen_bytes: int  # digests of what was enqueued; bounded by itself and not part of the quota
    acknowledged_batches: int
    acknowledged_events: int
    last_acknowledged: Acknowledged | None
    earliest_next_attempt: datetime | None
    uploader: Holder | None


def look(
    folder: Folder,
    now: datetime,
    *,
    covers_from: datetime | None = None,
    asks_for_uploader: bool = True,
) -> Overview:
    """Return what is there; an absent spool is an empty one.

    `covers_from` is from when on consent covers what is enqueued, None where none is granted. To
    ask for an uploader touches its lock for a moment.

    Raises:
        SpoolUnsafeError: somebody else could change it.
        SpoolError: it cannot be read.

    """
    folder.check()
    read = _read(folder, now, covers_from)
    pending, tally, differences = read.pending, read.tally, read.differences
    return Overview(
        pending=pending.batches,
        pending_events=max(0, tally.open.events - differences.missing_events),
        rejected=read.rejected.batches,
        old=read.old(),
        before_consent=read.before_consent(),
        unapproved=differences.unapproved,
        missing=differences.missing,
        unnamed_parts=differences.unnamed_parts,
        damaged=pending.damaged,
        foreign=pending.foreign,
        unreadable_lines=tally.unreadable_lines,
        used_bytes=read.used_bytes(folder),
        seen_bytes=folder.seen.stat().st_size if folder.seen.exists() else 0,
        acknowledged_batches=tally.acknowledged_batches,
        acknowledged_events=tally.acknowledged_events,
        last_acknowledged=tally.last_acknowledged,
        earliest_next_attempt=read_earliest(folder.state, now),
        uploader=current_holder(folder.upload_lock) if asks_for_uploader else None,
    )


@dataclass(frozen=True)
class _Reading:
    """One reading of each folder and of the journal."""

    pending: Listing
    rejected: Listing
    tally: Tally
    differences: Differences
    old_before_s: float
    covered_s: float

    def old(self) -> Some:
        return _before(self.pending.batches, self.pending.old, self.old_before_s)

    def before_consent(self) -> Some:
        count = 0 if self.tally.includes_pending else self.pending.earlier
        return _before(self.pending.batches, count, self.covered_s)

    def used_bytes(self, folder: Folder) -> int:
        """Return what `used` does, by the journal where it knows each file in `pending/`.

        To ask the file system for 100,000 of them takes longer than all the rest.
        """
        if not self.differences.agree:
            return used(folder)
        rejected = sum(size_bytes(entry) for entry in entries(folder.rejected))
        return self.tally.open.bytes + self.pending.foreign_bytes + rejected


def _read(folder: Folder, now: datetime, covers_from: datetime | None) -> _Reading:
    old_before_s = now.timestamp() - BATCH_OLD_AFTER_S
    covered_s = 0.0 if covers_from is None else covers_from.timestamp()
    pending = scan(folder.pending, old_before_s=old_before_s, earlier_than_s=covered_s)
    rejected = scan(folder.rejected)
    # After the folders: what is enqueued meanwhile is not missing, it is looked for by name.
    journal = Journal(folder.journal)
    tally = Tally("" if covers_from is None else format_time(covers_from)).follow(journal)
    differences = compare(folder, journal, pending.sums, tally.open)
    return _Reading(pending, rejected, tally, differences, old_before_s, covered_s)


def counts_of(
    found: Overview,
    left: LeftBehind,
    *,
    has_key: bool,
    key_trouble: str,
    waits_for_approval: str | None,
    rotate: str,
) -> Counts:
    """Return what `next_step` asks, of what lies in a spool and of the key that signs."""
    return Counts(
        pending=found.pending.count,
        sendable=found.pending.count - found.before_consent.count,
        set_aside=left.set_aside.count,
        prunable=left.leftovers.count + found.old.count,
        has_key=has_key,
        key_trouble=key_trouble,
        waits_for_approval=waits_for_approval,
        rotate=rotate,
    )


def count_before_consent(folder: Folder, covers_from: datetime) -> int:
    """Return how many pending batches a grant does not cover that covers from that time on.

    Raises:
        SpoolError: the spool cannot be read.

    """
    tally = Tally(format_time(covers_from)).follow(Journal(folder.journal))
    if tally.includes_pending:
        return 0
    return scan(folder.pending, earlier_than_s=covers_from.timestamp()).earlier


def _before(batches: Some, count: int, unix_s: float) -> Some:
    """Return so many of the batches, all of them made before that time: they are the first."""
    bound = id_at(unix_s)
    return Some(count, [one for one in batches.first if count and one < bound])
