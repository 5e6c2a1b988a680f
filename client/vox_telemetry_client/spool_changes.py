"""How the spool changes: under its lock, after what a crash left, each decision in the journal.

Receipts of an upload that goes on without a pause share an fsync: their lines are written at once,
so that no kill takes one, and their files go when the lines are durable. What a power cut takes of
such lines is sent again, and the sink says that it has it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.errors import SpoolError, SpoolFullError, os_words
from vox_telemetry_client.files import is_no_space
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.journal_lines import UNSIGNED, Acknowledged, Attempt, Line, Proof
from vox_telemetry_client.limits import RECEIVED_MAX_BATCHES, RECEIVED_MAX_S, SPOOL_LOCK_WAIT_S
from vox_telemetry_client.lock import held
from vox_telemetry_client.settle import end, settle
from vox_telemetry_client.spool_view import SpoolView
from vox_telemetry_client.staging import unstage
from vox_telemetry_spec.receipt import Receipt
from vox_telemetry_spec.times import format_time


class ChangingSpool(SpoolView):
    """What every verb stands on, and the verbs of a request."""

    def __init__(self, folder: Folder, *, now: Callable[[], datetime]) -> None:
        """Take a folder that `Folder.create` made; `now` gives the journal's times."""
        super().__init__(folder)
        self._now = now
        self._finished_bytes: int | None = None  # how much of the journal the files follow
        self._received: list[str] = []  # acknowledged by lines that are not durable yet
        self._received_at = now()  # the first of them

    def finish(self) -> None:
        """Finish the change that a crash cut short, if there is one, and what `receive` has begun.

        Raises:
            SpoolError: the spool cannot be read or changed.

        """
        with self._changing():
            pass

    def finish_received(self) -> None:
        """Delete what `receive` has recorded, if there is something.

        Raises:
            SpoolError: the spool cannot be changed.

        """
        if self._received:
            self.finish()

    def attempted(self, batch_id: str, duty: str, status: int) -> None:
        """Record one request."""
        with self._changing():
            self._decide(Attempt(self.at(), batch_id, duty, status))

    def acknowledge(
        self, batch_id: str, receipt: Receipt, *, duplicate: bool, proof: Proof = UNSIGNED
    ) -> None:
        """Record the receipt, then delete the batch; bytes put in its place meanwhile stay."""
        self.receive(batch_id, receipt, duplicate=duplicate, proof=proof)
        self.finish_received()

    def receive(
        self,
        batch_id: str,
        receipt: Receipt,
        *,
        duplicate: bool,
        proof: Proof = UNSIGNED,
        attempt: tuple[Attempt, ...] = (),
    ) -> None:
        """Record a receipt after its attempt, and delete the batch soon, together with others.

        The lines are written at once, and no file goes before they are durable: by `finish`, with
        any other change, after RECEIVED_MAX_BATCHES receipts or after RECEIVED_MAX_S.

        Raises:
            SpoolFullError: no space for the lines, also after what was received has gone.
            SpoolError: the spool cannot be changed.

        """
        with self._changing(receiving=True):
            ended = self._says_of(batch_id).ends([batch_id])
            line = Acknowledged(self.at(), batch_id, receipt, duplicate, ended, *proof)
            try:
                self._journal.append(*attempt, line, synced=False)
            except SpoolFullError:
                if not self._received:
                    raise
                self._delete_received()  # which makes room
                self._journal.append(*attempt, line, synced=False)
            self._received.append(batch_id)
            if len(self._received) == 1:
                self._received_at = self._now()
            age_s = (self._now() - self._received_at).total_seconds()
            if len(self._received) >= RECEIVED_MAX_BATCHES or age_s >= RECEIVED_MAX_S:
                self._delete_received()

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
    def _changing(self, *, receiving: bool = False) -> Iterator[None]:
        """Hold the lock, finish what a crash left, and map what the disk says.

        What was received is finished, too, unless more is being received.
        """
        try:
            with held(self.folder.spool_lock, "a change of the spool", wait_s=SPOOL_LOCK_WAIT_S):
                # Another process, or a change of ours that failed, may have left its last step.
                if self._journal.size_bytes() != self._finished_bytes:
                    settle(self.folder, self._journal)
                if not receiving:
                    self._delete_received()
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

    def _delete_received(self) -> None:
        if self._received:
            self._journal.sync()
            received, self._received = self._received, []
            end(self.folder, received, self._says_of(*received))

    def _decide(self, line: Line, staged: Sequence[Approval] = ()) -> None:
        try:
            self._journal.append(line)
        except SpoolError:
            unstage(self.folder, staged)
            raise

    def at(self) -> str:
        """Return the time for a journal line (RFC 3339, UTC)."""
        return format_time(self._now())
