"""What lies in the spool and what the journal says of it, for whoever changes nothing. No lock."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from vox_telemetry_client.batch import Batch
from vox_telemetry_client.errors import SpoolError
from vox_telemetry_client.files import read_at_most
from vox_telemetry_client.folder import Folder, batch_file, batch_ids, oldest
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.ledger import Ledger, ledger_of
from vox_telemetry_client.seen import Seen
from vox_telemetry_spec.limits import CODED_BODY_MAX_BYTES
from vox_telemetry_spec.times import format_time


class SpoolView:
    """The questions; `Spool` adds the verbs."""

    def __init__(self, folder: Folder) -> None:
        """Take a folder that `Folder.check` found safe; it need not exist."""
        self.folder = folder
        self._journal = Journal(folder.journal)
        self._ledger = Ledger()  # of the batches that are worked at

    def waiting(self, *, after: str = "") -> list[str]:
        """Return the ids of the oldest files in `pending/` after `after`, and change nothing.

        They are WINDOW_BATCHES at most, oldest first.

        Raises:
            SpoolError: the spool cannot be read.

        """
        found = oldest(self.folder.pending, after=after)
        self._ledger = Ledger(found)
        return found

    def all_waiting(self) -> Iterator[str]:
        """Yield every id in `pending/`, oldest first, and change nothing.

        Raises:
            SpoolError: the spool cannot be read.

        """
        after = ""
        while found := self.waiting(after=after):
            yield from found
            after = found[-1]

    def extent(self, *, after: str = "", until: str | None = None) -> tuple[int, str]:
        """Return how many batches lie in `pending/`, between two ids, and the newest id of them.

        Raises:
            SpoolError: the spool cannot be read.

        """
        count, newest = 0, ""
        for batch_id in batch_ids(self.folder.pending):
            if batch_id > after and (until is None or batch_id <= until):
                count += 1
                newest = max(newest, batch_id)
        return count, newest

    def approved(self, batch_id: str) -> Batch | None:
        """Return a waiting batch if its bytes are the approved ones, else None.

        Raises:
            SpoolError: the journal cannot be read.

        """
        approval = self._says_of(batch_id).open.get(batch_id)
        if approval is None:
            return None
        try:
            path = self.folder.pending / batch_file(batch_id)
            payload = read_at_most(path, CODED_BODY_MAX_BYTES + 1)
        except OSError:
            return None
        batch = Batch(batch_id, payload, approval.event_count)
        return batch if batch.payload_sha256 == approval.payload_sha256 else None

    def has_approval(self, batch_id: str) -> bool:
        """Tell whether the journal approves bytes under this id, whichever lie there.

        Raises:
            SpoolError: the journal cannot be read.

        """
        return batch_id in self._says_of(batch_id).open

    def waits(self, batch_id: str) -> bool:
        """Tell whether something lies in `pending/` under this id, approved or not."""
        return os.path.lexists(self.folder.pending / batch_file(batch_id))

    def covered(self, batch: Batch, covers_from: datetime) -> bool:
        """Tell whether a grant that covers what was approved from then on covers this batch.

        Raises:
            SpoolError: the journal cannot be read.

        """
        included = self._says_of(batch.batch_id).included.get(batch.batch_id)
        if included == format_time(covers_from):
            return True
        return batch.approved_at is not None and batch.approved_at >= covers_from

    def noted_before(self) -> Counter[bytes]:
        """Return what `enqueued_before` does, with what a crash kept from being enqueued.

        Quick: the journal, which grows for ever, is not asked.

        Raises:
            SpoolError: the spool cannot be read.

        """
        with self._naming_seen() as seen:
            return seen.count(lambda _: True)

    def enqueued_before(self) -> Counter[bytes]:
        """Return how often each event was enqueued, by its digest; see `repeats`.

        Raises:
            SpoolError: the spool cannot be read.

        """
        asked: set[str] = set()
        with self._naming_seen() as seen:
            # Once for the ids alone, so that the journal is asked about these and no others.
            seen.count(lambda batch_id: _noted(asked, batch_id))
            return seen.count(ledger_of(self._journal, asked).was_enqueued)

    @contextmanager
    def _naming_seen(self) -> Iterator[Seen]:
        try:
            yield Seen(self.folder.seen)
        except OSError as exc:
            raise SpoolError(f"{self.folder.seen} cannot be read: {exc.strerror}") from exc

    def _says_of(self, *batch_ids: str) -> Ledger:
        """Return what the journal says of batches; quick for those of the last window."""
        if any(batch_id not in self._ledger for batch_id in batch_ids):
            self._ledger = Ledger(batch_ids)
        return self._ledger.follow(self._journal)


def _noted(asked: set[str], batch_id: str) -> bool:
    asked.add(batch_id)
    return False
