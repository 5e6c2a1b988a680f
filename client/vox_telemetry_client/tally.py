"""The sums of the journal, in a memory that does not grow with it."""

from collections.abc import Iterable

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.journal_lines import (
    REJECTED,
    Acknowledged,
    Attempt,
    Closing,
    ConsentDecided,
    Discarded,
    Ended,
    Enqueued,
    Line,
    Retried,
    Split,
)

# A batch id belongs to one of so many parts, by its hash. Of each part only a sum of ids is kept:
# where it is the same for two sets, they hold the same ids.
PARTS = 1_024


def part_of(batch_id: str) -> int:
    """Return which part an id belongs to, in this process."""
    return hash(batch_id) % PARTS


class Sums:
    """A set of batches, known by its sums only: for each part that of its ids; events and bytes."""

    def __init__(self) -> None:
        """Begin with the empty set."""
        self.parts = [0] * PARTS
        self.batches = 0
        self.events = 0
        self.bytes = 0

    def add(self, approvals: Iterable[Approval]) -> None:
        """Add batches that are not in the set."""
        for one in approvals:
            self.add_id(one.batch_id)
            self.events += one.event_count
            self.bytes += one.byte_count

    def add_id(self, batch_id: str) -> None:
        """Add one batch of which only the id is known."""
        hashed = hash(batch_id)
        self.parts[hashed % PARTS] += hashed
        self.batches += 1

    def take(self, batch_ids: Iterable[str], ended: Ended) -> None:
        """Take batches out; one that is not in the set spoils the sum of its part."""
        for batch_id in batch_ids:
            hashed = hash(batch_id)
            self.parts[hashed % PARTS] -= hashed
            self.batches -= 1
        self.events -= ended.events
        self.bytes -= ended.bytes


class Tally:
    """What `status` needs of the journal: counts, and the sums of what is approved and open."""

    def __init__(self, covers_from: str = "") -> None:
        """Count nothing yet; `covers_from` is that of the consent that holds now."""
        self.open = Sums()
        self.unreadable_lines = 0
        self.acknowledged_batches = 0
        self.acknowledged_events = 0
        self.last_acknowledged: Acknowledged | None = None
        self.includes_pending = False  # the consent covers what was approved before it
        self._covers_from = covers_from
        self._untold: set[str] = set()  # closed by lines that do not say what they take

    def follow(self, journal: Journal) -> "Tally":
        """Read the journal from its beginning.

        Raises:
            SpoolError: it is there and cannot be read.

        """
        for _, line in journal.lines():
            self.add(line)
        if self._untold:
            self._take_untold(journal)
        return self

    def add(self, line: Line | None) -> None:
        """Count one line."""
        if isinstance(line, Enqueued):
            self.open.add(line.batches)
        elif line is None:
            self.unreadable_lines += 1
        elif not isinstance(line, Attempt):
            self._end(line)

    def _take_untold(self, journal: Journal) -> None:
        """Read once more what such lines close: those of the format before `ended` have none."""
        approved: dict[str, Approval] = {}
        for _, line in journal.lines():
            if isinstance(line, Closing):
                for batch_id in _closes(line):
                    found = approved.pop(batch_id, None)
                    if found is not None and line.ended is None:
                        self.open.take([batch_id], Ended(found.event_count, found.byte_count))
            if isinstance(line, Enqueued | Split | Retried):
                mine = (one for one in line.batches if one.batch_id in self._untold)
                approved |= {one.batch_id: one for one in mine}

    def _end(self, line: Line) -> None:
        if isinstance(line, Acknowledged):
            self.last_acknowledged = line
            self.acknowledged_batches += 1
            self.acknowledged_events += line.receipt.event_count
        if isinstance(line, Closing):
            if line.ended is None:
                self._untold.update(_closes(line))
            else:
                self.open.take(_closes(line), line.ended)
        if isinstance(line, Split | Retried):
            self.open.add(line.batches)
        if isinstance(line, ConsentDecided) and line.include_pending:
            self.includes_pending |= line.consent.covers_from == self._covers_from


def _closes(line: Closing) -> list[str]:
    """Return which batches a line takes out of `pending/`."""
    if isinstance(line, Discarded):
        return [] if line.room == REJECTED else line.batch_ids
    return [line.batch_id]
