"""The spool: approved batches as plain files, kept until a receipt or a person ends them.

Each change is: (1) new bytes into `tmp/`, fsynced; (2) the journal line, fsynced: this is the
decision; (3) renames and unlinks, folders fsynced. A crash before (2) leaves what was, one after
(2) is finished by `settle` at the next change. So every file in `pending/` was approved by a line
that came before it, and bytes that no line approves are never sent.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from vox_telemetry_client.batch import Approval, Batch
from vox_telemetry_client.consent import Consent
from vox_telemetry_client.errors import EnqueuedMeanwhileError, SpoolFullError
from vox_telemetry_client.files import sync_folder
from vox_telemetry_client.folder import batch_file, oldest, used
from vox_telemetry_client.journal_lines import (
    ConsentDecided,
    Discarded,
    Enqueued,
    Pruned,
    Rejected,
    Split,
)
from vox_telemetry_client.ledger import ledger_of
from vox_telemetry_client.limits import WINDOW_BATCHES
from vox_telemetry_client.seen import Mark, Seen
from vox_telemetry_client.set_aside import oldest_set_aside
from vox_telemetry_client.settle import end, remove
from vox_telemetry_client.some import Some
from vox_telemetry_client.spool_changes import ChangingSpool
from vox_telemetry_client.staging import publish, stage
from vox_telemetry_spec.problems import Problem


class Spool(ChangingSpool):
    """The verbs; every one that changes something holds the spool's lock meanwhile."""

    def put(
        self,
        batches: Iterable[Batch],
        *,
        max_bytes: int,
        needed_bytes: int,
        unless_after: Mark | None = None,
    ) -> list[Approval]:
        """Approve and keep batches of `needed_bytes` together: all of them or none.

        They are taken one at a time, so they may be made while they are written.

        Raises:
            EnqueuedMeanwhileError: others were enqueued since `enqueue_mark` gave `unless_after`.
            SpoolFullError: they would make the spool exceed `max_bytes`, or the disk is full.
            SpoolError: they cannot be written.

        """
        with self._changing():
            self._check_quota(needed_bytes, max_bytes)
            seen = Seen(self.folder.seen)
            if unless_after is not None and seen.mark() != unless_after:
                raise EnqueuedMeanwhileError("other events were enqueued meanwhile, try again")
            with seen.adding() as remember:
                staged = stage(self.folder, batches, remember)
                self._decide(Enqueued(self.at(), staged), staged)
            publish(self.folder, staged)
            # It is kept, and a memory that is too long can be cut the next time.
            with suppress(OSError):
                seen.forget()
        return staged

    def enqueue_mark(self) -> Mark:
        """Return a mark that the next enqueue changes; none is under way at this moment.

        Raises:
            SpoolError: the spool cannot be read or changed.

        """
        if not self.folder.root.exists():
            return Seen(self.folder.seen).mark()  # whoever is making it has not enqueued yet
        with self._changing():
            return Seen(self.folder.seen).mark()

    def pruned(self, line: Pruned) -> None:
        """Record what is about to be deleted from a database.

        Raises:
            SpoolError: it cannot be recorded.

        """
        with self._changing():
            self._decide(line)

    def pending(self, *, after: str = "", until: str | None = None) -> list[str]:
        """Return the ids of the oldest waiting batches, WINDOW_BATCHES at most, oldest first.

        Only those that come after the id `after` and not after `until`. Ends first what the journal
        has ended.

        Raises:
            SpoolError: the spool cannot be read.

        """
        with self._changing():
            while found := oldest(self.folder.pending, after=after, until=until):
                self._ledger = ledger_of(self._journal, found)
                # What came after a batch was set aside is set aside for a reason of its own.
                closed = self._ledger.closed
                ended = [one for one in found if one in closed]
                ended = [one for one in ended if not isinstance(closed[one][1], Rejected)]
                end(self.folder, ended, self._ledger)
                left = [batch_id for batch_id in found if self.waits(batch_id)]
                if left:
                    return left
        return []

    def set_aside(self, batch_id: str, problem: Problem) -> None:
        """Move a batch to `rejected/` with the problem beside it."""
        with self._changing():
            ended = self._says_of(batch_id).ends([batch_id])
            self._decide(Rejected(self.at(), batch_id, problem, ended))
            end(self.folder, [batch_id], self._says_of(batch_id))

    def split(self, batch_id: str, halves: Sequence[Batch]) -> None:
        """Put smaller batches in the place of one that is too large for the sink."""
        with self._changing():
            ended = self._says_of(batch_id).ends([batch_id])
            staged = stage(self.folder, halves)
            self._decide(Split(self.at(), batch_id, staged, ended), staged)
            publish(self.folder, staged)
            (self.folder.pending / batch_file(batch_id)).unlink(missing_ok=True)
            sync_folder(self.folder.pending)

    def decided(self, consent: Consent, *, include_pending: bool = False) -> None:
        """Record what the operator decided; a grant may include what is approved by now."""
        with self._changing():
            self._decide(ConsentDecided(consent.at, consent, include_pending))

    def purge(self, reason: str) -> Some:
        """Delete every batch, pending or set aside, and return which.

        They go in windows, each with a line of its own; what a crash leaves, the next deletes.
        """
        purged = Some()
        with self._changing():
            while found := self._oldest_anywhere():
                ended = ledger_of(self._journal, found).ends(found)
                self._decide(Discarded(self.at(), found, reason, ended))
                for room in (self.folder.pending, self.folder.rejected):
                    remove(room, found)
                for batch_id in found:
                    purged.add(batch_id)
        return purged

    def _oldest_anywhere(self) -> list[str]:
        found = {*oldest(self.folder.pending), *oldest_set_aside(self.folder)}
        return sorted(found)[:WINDOW_BATCHES]

    def _check_quota(self, added_bytes: int, max_bytes: int) -> None:
        used_bytes = used(self.folder)
        if used_bytes + added_bytes > max_bytes:
            raise SpoolFullError(
                f"the spool holds {used_bytes} bytes and {added_bytes} more would exceed its quota "
                f"of {max_bytes}: upload what is pending, delete what was set aside "
                "(vox-telemetry rejected discard) or is too old (vox-telemetry prune spool plan), "
                f"or set VOX_TELEMETRY_SPOOL_MAX_BYTES to {used_bytes + added_bytes} or more"
            )
