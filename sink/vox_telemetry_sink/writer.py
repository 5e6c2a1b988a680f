"""Group commit: many requests, one transaction, and only then the receipts.

Requests put their batch into a bounded queue and wait. One task takes what is waiting, at most
GROUP_MAX_BATCHES of together GROUP_MAX_BYTES, and writes it in one transaction. A group that the
database refuses is written again batch by batch, so that a poison batch harms nobody else. A
database that does not answer fails everything that waits at once: each of those clients tries
again later and loses nothing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from vox_telemetry_sink.enforce import Accepted
from vox_telemetry_sink.errors import RefusalError, StoreUnavailableError
from vox_telemetry_sink.metrics import COMMIT_SECONDS, GROUP_BATCHES
from vox_telemetry_sink.store import Store, StoredBatch
from vox_telemetry_spec.limits import (
    GROUP_MAX_BATCHES,
    GROUP_MAX_BYTES,
    OVERLOAD_RETRY_AFTER_S,
    QUEUE_MAX_BATCHES,
    QUEUE_MAX_BYTES,
)
from vox_telemetry_spec.problems import ProblemType


@dataclass(frozen=True)
class _Waiting:
    """A batch and where its answer goes. A sender that has gone has cancelled `answer`."""

    accepted: Accepted
    answer: asyncio.Future[StoredBatch]

    def resolve(self, stored: StoredBatch) -> None:
        if not self.answer.done():
            self.answer.set_result(stored)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Writer:
    """The queue and its one task; `running_writer` starts and drains it."""

    def __init__(self, store: Store) -> None:
        """Write to `store`."""
        self._store = store
        self._queue: deque[_Waiting] = deque()
        self._queued_bytes = 0
        self._something_waits = asyncio.Event()
        self._closing = False
        self._is_running = False

    @property
    def waiting_batches(self) -> int:
        """How many batches wait to be written."""
        return len(self._queue)

    @property
    def waiting_bytes(self) -> int:
        """How many decoded bytes wait to be written."""
        return self._queued_bytes

    @property
    def is_running(self) -> bool:
        """Whether what waits is going to be written."""
        return self._is_running

    @property
    def is_full(self) -> bool:
        """Whether the next batch would be refused, however small."""
        return len(self._queue) >= QUEUE_MAX_BATCHES or self._queued_bytes >= QUEUE_MAX_BYTES

    async def write(self, accepted: Accepted) -> StoredBatch:
        """Wait until the batch is committed, and return what the database holds for its id.

        Raises:
            RefusalError: too much is waiting (503), or the id is bound to other bytes (409).
            StoreError: the database refused this batch even on its own.
            StoreUnavailableError: the database does not answer; whether the batch was stored is
                not known, and the repetition will tell.

        """
        self._check_room(accepted)
        waiting = _Waiting(accepted, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._queued_bytes += accepted.payload_bytes
        self._something_waits.set()
        stored = await waiting.answer
        if stored.payload_sha256 != accepted.payload_sha256:
            raise RefusalError(
                ProblemType.BATCH_ID_REUSED,
                "this batch id is bound to other bytes, expected a new id for a new payload",
                event_count=len(accepted.events.families),
            )
        return stored

    async def run(self) -> None:
        """Write what waits until `close` was called and nothing waits any more."""
        self._is_running = True
        try:
            while self._queue or not self._closing:
                self._something_waits.clear()
                if not self._queue:
                    await self._something_waits.wait()
                await self._write_one_by_one_if_refused(self._take_group())
        finally:
            self._is_running = False

    def close(self) -> None:
        """Let `run` end when the queue is empty."""
        self._closing = True
        self._something_waits.set()

    def _check_room(self, accepted: Accepted) -> None:
        full = (
            len(self._queue) >= QUEUE_MAX_BATCHES
            or self._queued_bytes + accepted.payload_bytes > QUEUE_MAX_BYTES
        )
        if full or self._closing:
            raise RefusalError(
                ProblemType.OVERLOADED,
                f"{len(self._queue)} batches wait to be written: try again later",
                headers={"retry-after": str(OVERLOAD_RETRY_AFTER_S)},
            )

    def _take_group(self) -> list[_Waiting]:
        """Take what waits, each id once: its repetitions wait for the next group."""
        group: dict[str, _Waiting] = {}
        taken_bytes = 0
        while self._queue and len(group) < GROUP_MAX_BATCHES and taken_bytes < GROUP_MAX_BYTES:
            batch_id = self._queue[0].accepted.batch_id
            if batch_id in group:
                break
            group[batch_id] = self._queue.popleft()
            taken_bytes += group[batch_id].accepted.payload_bytes
        self._queued_bytes -= taken_bytes
        return list(group.values())

    async def _write_one_by_one_if_refused(self, group: Sequence[_Waiting]) -> None:
        try:
            await self._write(group)
        except StoreUnavailableError as exc:
            self._fail_all(group, exc)
        except Exception as exc:  # noqa: BLE001 -- also of a bug: this task must outlive it
            if len(group) == 1:
                group[0].fail(exc)
                return
            for waiting in group:
                await self._write_one_by_one_if_refused([waiting])

    async def _write(self, group: Sequence[_Waiting]) -> None:
        if not group:
            return
        GROUP_BATCHES.observe(len(group))
        with COMMIT_SECONDS.time():
            held = await self._store.write([waiting.accepted for waiting in group])
        for waiting in group:
            waiting.resolve(held[waiting.accepted.batch_id])

    def _fail_all(self, group: Sequence[_Waiting], error: StoreUnavailableError) -> None:
        for waiting in (*group, *self._queue):
            failure = StoreUnavailableError(str(error))  # its own, since each raise adds to one
            failure.__cause__ = error.__cause__  # the log names it: a full disk, a deadlock, …
            waiting.fail(failure)
        self._queue.clear()
        self._queued_bytes = 0


@asynccontextmanager
async def running_writer(store: Store) -> AsyncIterator[Writer]:
    """Run a writer for the length of a block; on leaving, what was accepted is written."""
    writer = Writer(store)
    task = asyncio.create_task(writer.run(), name="writer")
    try:
        yield writer
    finally:
        writer.close()
        await task
