"""Where the journal and `pending/` do not name the same batches.

Sums tell in which parts of all ids they differ; only the batches of those are then looked at by
name. Nothing is held of the others, which as a rule are all.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from vox_telemetry_client.folder import Folder, batch_file, batch_ids
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.journal_lines import (
    REJECTED,
    Acknowledged,
    Discarded,
    Enqueued,
    Line,
    Rejected,
    Retried,
    Split,
)
from vox_telemetry_client.limits import WINDOW_BATCHES
from vox_telemetry_client.some import Some
from vox_telemetry_client.tally import PARTS, Sums, part_of


@dataclass
class Differences:
    """`unapproved` lie there without a line, `missing` have a line and lie nowhere.

    Where too much differs to be looked at, `unnamed_parts` of PARTS were passed over. `agree` is
    whether the sums of both are the same.
    """

    agree: bool = True
    unapproved: Some = field(default_factory=Some)
    missing: Some = field(default_factory=Some)
    missing_events: int = 0
    unnamed_parts: int = 0


def compare(folder: Folder, journal: Journal, listed: Sums, approved: Sums) -> Differences:
    """Return where `pending/`, whose sums are `listed`, differs from what the journal has open.

    Raises:
        SpoolError: the spool cannot be read.

    """
    differing = [part for part in range(PARTS) if listed.parts[part] != approved.parts[part]]
    if not differing:
        return Differences()
    size = max(listed.batches, approved.batches, 1)
    parts = set(differing[: max(1, WINDOW_BATCHES * PARTS // size)])
    there = {one for one in batch_ids(folder.pending) if part_of(one) in parts}
    known = _Known(there, parts)
    known.follow(journal)
    gone = [one for one in known.open if _is_gone(folder, one)]
    known.follow(journal)  # what an upload has ended meanwhile is not missing
    gone = [one for one in gone if one in known.open]
    return Differences(
        agree=False,
        unapproved=Some.of(there - known.named),
        missing=Some.of(gone),
        missing_events=sum(known.open[one] for one in gone),
        unnamed_parts=len(differing) - len(parts),
    )


class _Known:
    """What the journal says of the batches of some parts."""

    def __init__(self, there: set[str], parts: set[int]) -> None:
        self.open: dict[str, int] = {}  # batch id → events
        self.named: set[str] = set()  # of those that are there
        self._there = there
        self._parts = parts
        self._read_bytes = 0

    def follow(self, journal: Journal) -> None:
        for end_bytes, line in journal.lines(self._read_bytes):
            self._read_bytes = end_bytes
            self._add(line)

    def _add(self, line: Line | None) -> None:
        if isinstance(line, Discarded) and line.room != REJECTED:
            self._close(line.batch_ids)
        if isinstance(line, Acknowledged | Rejected | Split):
            self._close([line.batch_id])
        if isinstance(line, Enqueued | Split | Retried):
            for one in line.batches:
                if part_of(one.batch_id) in self._parts:
                    self.open[one.batch_id] = one.event_count
                    self._name(one.batch_id)

    def _close(self, batch_ids: Iterable[str]) -> None:
        for batch_id in batch_ids:
            self.open.pop(batch_id, None)
            self._name(batch_id)

    def _name(self, batch_id: str) -> None:
        if batch_id in self._there:
            self.named.add(batch_id)


def _is_gone(folder: Folder, batch_id: str) -> bool:
    """Tell whether a batch lies neither where it is published from nor where it is published to."""
    # In this order, since it may be published meanwhile.
    rooms = (folder.tmp, folder.pending)
    return not any(os.path.lexists(room / batch_file(batch_id)) for room in rooms)
