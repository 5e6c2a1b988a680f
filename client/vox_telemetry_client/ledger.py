"""What the journal says of some batches: approved and open, or closed and how."""

from collections.abc import Iterable
from contextlib import suppress

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
    Rejected,
    Retried,
    Split,
)


class Ledger:
    """The sum of the lines that name these batches, or the halves of one of them.

    Its memory grows with them and not with the journal.
    """

    def __init__(self, batch_ids: Iterable[str] = ()) -> None:
        """Know nothing yet; `follow` reads."""
        self.open: dict[str, Approval] = {}
        self.closed: dict[str, tuple[Approval | None, Closing]] = {}
        self.included: dict[str, str] = {}  # batch id → its grant's covers_from
        self._asked = set(batch_ids)
        self._read_bytes = 0

    def __contains__(self, batch_id: str) -> bool:
        """Tell whether the ledger would know of this batch."""
        return batch_id in self._asked

    def follow(self, journal: Journal) -> "Ledger":
        """Read what is new; a line that cannot be read decides nothing.

        Raises:
            SpoolError: the journal is there and cannot be read.

        """
        with suppress(OSError):  # which reading the lines tells
            size_bytes = journal.size_bytes()
            if size_bytes == self._read_bytes:
                return self
            if size_bytes < self._read_bytes:
                # Somebody took the journal away, and with it what was approved: begin anew.
                self.open, self.closed, self.included, self._read_bytes = {}, {}, {}, 0
        for end_bytes, line in journal.lines(self._read_bytes, attempts=False):
            self._read_bytes = end_bytes
            self.add(line)
        return self

    def was_enqueued(self, batch_id: str) -> bool:
        """Tell whether a batch waits or went its way; one that nobody decided on did not."""
        if batch_id in self.open:
            return True
        _, line = self.closed.get(batch_id, (None, None))
        return isinstance(line, Acknowledged | Rejected | Split)

    def ends(self, batch_ids: Iterable[str]) -> Ended | None:
        """Return what a line that closes these batches takes, None unless all of them are open.

        `tally` then looks back by name: a sum from which too much is taken is wrong for ever.
        """
        asked = list(batch_ids)
        closing = [self.open[batch_id] for batch_id in asked if batch_id in self.open]
        if not closing or len(closing) < len(asked):
            return None
        return Ended(
            sum(one.event_count for one in closing), sum(one.byte_count for one in closing)
        )

    def add(self, line: Line | None) -> None:
        """Apply one decision."""
        if line is None or isinstance(line, Attempt):
            return
        if isinstance(line, ConsentDecided) and line.include_pending:
            self.included |= dict.fromkeys(self.open, line.consent.covers_from)
        if isinstance(line, Discarded):
            for batch_id in line.batch_ids:
                # A copy in `rejected/` says nothing of a batch that waits under the same id.
                if line.room != REJECTED or batch_id not in self.open:
                    self._close(batch_id, line)
        if isinstance(line, Acknowledged | Rejected | Split):
            self._close(line.batch_id, line)
        if isinstance(line, Split) and line.batch_id in self._asked:
            self._asked |= {half.batch_id for half in line.batches}
        if isinstance(line, Enqueued | Split | Retried):
            self._open(line.batches)

    def _open(self, approvals: Iterable[Approval]) -> None:
        for one in approvals:
            if one.batch_id in self._asked:
                self.open[one.batch_id] = one
                self.closed.pop(one.batch_id, None)

    def _close(self, batch_id: str, line: Closing) -> None:
        if batch_id in self._asked:
            self.closed[batch_id] = (self.open.pop(batch_id, None), line)
            if not isinstance(line, Rejected):  # which a person may put back
                self.included.pop(batch_id, None)


def ledger_of(journal: Journal, batch_ids: Iterable[str]) -> Ledger:
    """Read the whole journal for what it says of these batches.

    Raises:
        SpoolError: the journal is there and cannot be read.

    """
    return Ledger(batch_ids).follow(journal)
