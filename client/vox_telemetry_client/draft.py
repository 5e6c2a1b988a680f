"""The events of one `enqueue` until it is known whether all of them may be kept.

Up to DRAFT_MEMORY_MAX_BYTES they stay in memory, then they go to a file without a name in the
spool's `tmp/`: nobody else can open it and it ends with its process, however that ends. (Where the
system has no such files it has a name for a moment.) What the quota can never hold is counted and
not kept.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from types import TracebackType
from typing import IO, Self

from vox_telemetry_client.batching import Filling, fill
from vox_telemetry_client.errors import SpoolError, SpoolFullError, os_words
from vox_telemetry_client.files import is_no_space
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.limits import DRAFT_MEMORY_MAX_BYTES
from vox_telemetry_spec.limits import BATCH_MAX_EVENTS, CODED_BODY_MAX_BYTES


class Draft:
    """Canonical events in their order; a context that forgets them at its end."""

    def __init__(
        self, folder: Folder, *, envelope_bytes: int, max_bytes: int, max_events: int
    ) -> None:
        """Keep nothing yet.

        `envelope_bytes` is what a batch takes without events, `max_bytes` the spool's quota,
        `max_events` the operator's wish for a batch; the wire's limits hold in any case.
        """
        self._folder = folder
        self._envelope_bytes = envelope_bytes
        self._max_bytes = max_bytes
        self._filling = Filling(
            min(max_events, BATCH_MAX_EVENTS), CODED_BODY_MAX_BYTES - envelope_bytes
        )
        self._file: IO[bytes] = BytesIO()
        self._on_disk = False
        self.events = 0

    @property
    def max_events(self) -> int:
        """The most events of one batch."""
        return self._filling.max_events

    @property
    def needed_bytes(self) -> int:
        """What the batches of all these events take in the spool."""
        return self._filling.total_bytes + self._filling.batches * self._envelope_bytes

    def extend(self, events: list[bytes]) -> None:
        """Take events, as their canonical bytes.

        Raises:
            SpoolFullError: the disk is full; nothing is kept.
            SpoolError: the spool cannot be made or written.

        """
        self.events += len(events)
        for event in events:
            self._filling.begins(len(event))
        with self._naming_the_spool():
            if self.needed_bytes > self._max_bytes:
                self._file.seek(0)
                self._file.truncate()
                return
            # No canonical bytes hold a line end: JSON writes one inside a string as \n.
            self._file.writelines(event + b"\n" for event in events)
            if not self._on_disk and self._file.tell() > DRAFT_MEMORY_MAX_BYTES:
                self._to_disk()

    def batches(self) -> Iterator[list[bytes]]:
        """Yield the events batch by batch; none where the quota can never hold them."""
        with self._naming_the_spool():
            self._file.seek(0)
            lines = (line.removesuffix(b"\n") for line in self._file)
            yield from fill(
                lines, max_events=self._filling.max_events, max_bytes=self._filling.max_bytes
            )

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Forget the events."""
        with suppress(OSError):  # a full disk, said before, refuses what is still to be flushed
            self._file.close()

    def _to_disk(self) -> None:
        self._folder.create()
        held = self._file
        held.seek(0)
        self._file = tempfile.TemporaryFile(  # noqa: SIM115 -- __exit__ closes it
            dir=self._folder.tmp
        )
        self._on_disk = True
        for line in held:
            self._file.write(line)
        held.close()

    @contextmanager
    def _naming_the_spool(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            if is_no_space(exc):
                raise SpoolFullError(
                    f"no space left in {self._folder.tmp} for the events while they are checked: "
                    "nothing was kept, make room and try again"
                ) from exc
            raise SpoolError(
                f"{self._folder.tmp} cannot be written: {os_words(exc)}; nothing was kept"
            ) from exc
