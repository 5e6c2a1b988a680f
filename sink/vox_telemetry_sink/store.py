"""The verbs of the sink over its named queries."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from vox_telemetry_sink.copy_rows import EVENT_COLUMNS, copy_chunks
from vox_telemetry_sink.database import (
    QUERIES,
    Connection,
    Pool,
    mapped_driver_errors,
    pending_migrations,
)
from vox_telemetry_sink.enforce import Accepted
from vox_telemetry_sink.rows import batch_row, tally_columns
from vox_telemetry_spec.receipt import Receipt
from vox_telemetry_spec.times import format_time
from vox_telemetry_spec.violations import Violation


class StoredBatch(NamedTuple):
    """What the database holds under a batch id, and whether this write put it there."""

    payload_sha256: bytes
    event_count: int
    received_at: datetime
    is_new: bool

    def receipt(self, batch_id: str) -> Receipt:
        """Return the receipt, the same for the first answer and for every repetition."""
        return Receipt(
            batch_id=batch_id,
            payload_sha256=self.payload_sha256.hex(),
            event_count=self.event_count,
            received_at=format_time(self.received_at),
        )


class Rejection(NamedTuple):
    """A refused batch of an enrolled key, without values."""

    rejected_at: datetime
    key_id: str
    problem: str
    violations: Sequence[Violation]
    content_sha256: bytes
    coded_bytes: int
    event_count: int | None = None


class Facts(NamedTuple):
    """What `doctor` asks of the database; the columns of facts."""

    version: str
    database_time: datetime
    default_is_empty: bool
    months_ahead: int
    good_keys: int
    waiting_keys: int


class Store:
    """The database as the sink uses it. Every method may raise the two errors of `database`."""

    def __init__(self, pool: Pool) -> None:
        """Use the pool; the caller closes it."""
        self._pool = pool

    async def write(self, group: Sequence[Accepted]) -> dict[str, StoredBatch]:
        """Store batches with different ids in one transaction; return what is held by id.

        An id that is held already keeps what is there: its own `StoredBatch` is returned and the
        caller compares the digests.
        """
        ordered = sorted(group, key=lambda accepted: accepted.batch_id)
        columns = list(zip(*map(batch_row, ordered), strict=True))
        with mapped_driver_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                claimed = await connection.fetch(QUERIES["claim_batches"], *columns)
                ours = {str(row["batch_id"]) for row in claimed}
                new = [one for one in ordered if one.batch_id in ours]
                await _copy_events(connection, new)
                held = await _held(connection, [one for one in columns[0] if str(one) not in ours])
                if repeated := [one for one in ordered if _repeats(one, held)]:
                    await connection.execute(QUERIES["count_duplicates"], *tally_columns(repeated))
        return held | {one.batch_id: _as_stored(one) for one in new}

    async def keep_rejection(self, rejection: Rejection) -> None:
        """Keep what was refused and why."""
        row = rejection._replace(violations=[])
        violations = msgspec.json.encode(list(rejection.violations))
        with mapped_driver_errors():
            await self._pool.execute(QUERIES["keep_rejection"], *row[:3], violations, *row[4:])

    async def takes_rows_now(self) -> bool:
        """Return whether an event that is received now has a partition to go to."""
        with mapped_driver_errors():
            return bool(await self._pool.fetchval(QUERIES["event_partition_exists"]))

    async def facts(self) -> Facts:
        """Return what an operator wants to know of a migrated database."""
        with mapped_driver_errors():
            [row] = await self._pool.fetch(QUERIES["facts"])
            return Facts(*row)

    async def pending_migrations(self) -> list[str]:
        """Return the migrations that this version needs and the database lacks."""
        with mapped_driver_errors():
            async with self._pool.acquire() as connection:
                return await pending_migrations(connection)


def _repeats(accepted: Accepted, held: Mapping[str, StoredBatch]) -> bool:
    """Tell whether the same bytes are held already; other bytes under an id are refused."""
    found = held.get(accepted.batch_id)
    return found is not None and found.payload_sha256 == accepted.payload_sha256


async def _held(connection: Connection, ids: Sequence[object]) -> dict[str, StoredBatch]:
    """Return what the database holds of repetitions, once this commit waits for a standby, too."""
    if not ids:
        return {}
    await connection.execute(QUERIES["write_something"])
    return {
        str(batch_id): StoredBatch(sha256, count, received_at, is_new=False)
        for batch_id, sha256, count, received_at in await connection.fetch(
            QUERIES["find_batches"], ids
        )
    }


def _as_stored(accepted: Accepted) -> StoredBatch:
    """Return what the database holds of a batch that this transaction has put there."""
    return StoredBatch(
        accepted.payload_sha256, len(accepted.events.families), accepted.received_at, is_new=True
    )


async def _copy_events(connection: Connection, batches: Sequence[Accepted]) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for chunk in copy_chunks(batches):
            yield chunk

    if batches:
        await connection.copy_to_table(
            "event", source=chunks(), columns=EVENT_COLUMNS, format="binary"
        )
