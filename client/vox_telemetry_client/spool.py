"""The spool: approved batches as plain files, kept until a receipt or a person ends them.

Each change is: (1) new bytes into `tmp/`, fsynced; (2) the journal line, fsynced: this is the
decision; (3) renames and unlinks, folders fsynced. A crash before (2) leaves what was, one after
(2) is finished by `settle` at the next change. So every file in `pending/` was approved by a line
that came before it, and bytes that no line approves are never sent.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from vox_telemetry_client.batch import Approval, Batch
from vox_telemetry_client.consent import Consent
from vox_telemetry_client.errors import EnqueuedMeanwhileError, SpoolError, SpoolFullError, os_words
from vox_telemetry_client.files import is_no_space, sync_folder
from vox_telemetry_client.folder import Folder, batch_file, oldest, used
from vox_telemetry_client.journal_lines import (
    UNSIGNED,
    Acknowledged,
    Attempt,
    ConsentDecided,
    Discarded,
    Enqueued,
    Line,
    Proof,
    Pruned,
    Rejected,
    Split,
)
from vox_telemetry_client.ledger import ledger_of
from vox_telemetry_client.limits import SPOOL_LOCK_WAIT_S, WINDOW_BATCHES
from vox_telemetry_client.lock import held
from vox_telemetry_client.seen import Mark, Seen
from vox_telemetry_client.set_aside import oldest_set_aside
from vox_telemetry_client.settle import end, remove, settle
from vox_telemetry_client.some import Some
from vox_telemetry_client.spool_view import SpoolView
from vox_telemetry_client.staging import publish, stage, unstage
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.receipt import Receipt
from vox_telemetry_spec.times import format_time


class Spool(SpoolView):
    """The verbs; every one that changes something holds the spool's lock meanwhile."""

    def __init__(self, folder: Folder, *, now: Callable[[], datetime]) -> None:
        """Take a folder that `Folder.create` made; `now` gives the journal's times."""
        super().__init__(folder)
        self._now = now
        self._finished_bytes: int | None = None  # how much of the journal the files follow

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

    def finish(self) -> None:
        """Finish the change that a crash cut short, if there is one.

        Raises:
            SpoolError: the spool cannot be read or changed.

        """
        with self._changing():
            pass

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
                for batch_id in self._ledger.closed.keys() & set(found):
                    # What came after a batch was set aside is set aside for a reason of its own.
                    if not isinstance(self._ledger.closed[batch_id][1], Rejected):
                        end(self.folder, batch_id, self._ledger)
                left = [batch_id for batch_id in found if self.waits(batch_id)]
                if left:
                    return left
        return []

    def attempted(self, batch_id: str, duty: str, status: int) -> None:
        """Record one request."""
        with self._changing():
            self._decide(Attempt(self.at(), batch_id, duty, status))

    def acknowledge(
        self, batch_id: str, receipt: Receipt, *, duplicate: bool, proof: Proof = UNSIGNED
    ) -> None:
        """Record the receipt, then delete the batch; bytes put in its place meanwhile stay."""
        with self._changing():
            ended = self._says_of(batch_id).ends([batch_id])
            self._decide(Acknowledged(self.at(), batch_id, receipt, duplicate, ended, *proof))
            end(self.folder, batch_id, self._says_of(batch_id))

    def set_aside(self, batch_id: str, problem: Problem) -> None:
        """Move a batch to `rejected/` with the problem beside it."""
        with self._changing():
            ended = self._says_of(batch_id).ends([batch_id])
            self._decide(Rejected(self.at(), batch_id, problem, ended))
            end(self.folder, batch_id, self._says_of(batch_id))

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

    @contextmanager
    def changing(self) -> Iterator[Callable[[Line], None]]:
        """Hold the lock for a verb of another file; yield what writes the line that decides.

        Raises:
            SpoolBusyError: another process holds the spool.
            SpoolError: the spool cannot be read or changed.

        """
        with self._changing():
            yield self._decide

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the lock, finish what a crash left, and map what the disk says."""
        try:
            with held(self.folder.spool_lock, "a change of the spool", wait_s=SPOOL_LOCK_WAIT_S):
                # Another process, or a change of ours that failed, may have left its last step.
                if self._journal.size_bytes() != self._finished_bytes:
                    settle(self.folder, self._journal)
                yield
                self._finished_bytes = self._journal.size_bytes()
        except OSError as exc:
            if is_no_space(exc):
                raise SpoolFullError(
                    f"no space left for the spool {self.folder.root}: nothing was lost, "
                    "make room and try again"
                ) from exc
            raise SpoolError(
                f"the spool {self.folder.root} cannot be written: {os_words(exc)}; nothing was lost"
            ) from exc

    def _check_quota(self, added_bytes: int, max_bytes: int) -> None:
        used_bytes = used(self.folder)
        if used_bytes + added_bytes > max_bytes:
            raise SpoolFullError(
                f"the spool holds {used_bytes} bytes and {added_bytes} more would exceed its quota "
                f"of {max_bytes}: upload what is pending, delete what was set aside "
                "(vox-telemetry rejected discard) or is too old (vox-telemetry prune spool plan), "
                f"or set VOX_TELEMETRY_SPOOL_MAX_BYTES to {used_bytes + added_bytes} or more"
            )

    def _decide(self, line: Line, staged: Sequence[Approval] = ()) -> None:
        try:
            self._journal.append(line)
        except SpoolError:
            unstage(self.folder, staged)
            raise

    def at(self) -> str:
        """Return the time for a journal line (RFC 3339, UTC)."""
        return format_time(self._now())
