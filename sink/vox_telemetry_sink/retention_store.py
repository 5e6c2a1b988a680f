"""What retention would take from the database, and taking it, beside a sink that writes.

Each step is a short transaction of its own: a month's partition, or a chunk of rows. Broken off, it
has taken less; the next run takes the rest.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from vox_telemetry_sink.admin_log import log_admin
from vox_telemetry_sink.citus import is_distributed
from vox_telemetry_sink.database import QUERIES, Connection, mapped_driver_errors
from vox_telemetry_sink.errors import StoreUnavailableError
from vox_telemetry_sink.retention import Limits, expired_months, month_bounds
from vox_telemetry_spec.limits import (
    LOCK_RETRY_PAUSE_S,
    LOCK_TRIES_MAX_COUNT,
    RETENTION_CHUNK_MAX_COUNT,
)

# The table, its limit, and what counts and deletes its rows.
_ROWS: Final = (
    (
        "event_default",
        "events",
        QUERIES["count_aged_default"],
        QUERIES["delete_aged_default"],
    ),
    ("batch", "batches", QUERIES["count_aged_batches"], QUERIES["delete_aged_batches"]),
    (
        "rejection",
        "rejections",
        QUERIES["count_aged_rejections"],
        QUERIES["delete_aged_rejections"],
    ),
    ("enrolment_code", "codes", QUERIES["count_aged_codes"], QUERIES["delete_aged_codes"]),
    (
        "duplicate_tally",
        "duplicates",
        QUERIES["count_aged_duplicates"],
        QUERIES["delete_aged_duplicates"],
    ),
    ("admin_log", "admin_log", QUERIES["count_aged_admin_log"], QUERIES["delete_aged_admin_log"]),
)
# What deletes the rows of a table that lies on a Citus cluster.
_ON_EVERY_SHARD: Final = {
    "event_default": QUERIES["delete_default_on_every_shard"],
    "batch": QUERIES["delete_batches_on_every_shard"],
    "rejection": QUERIES["delete_rejections_on_every_shard"],
    "duplicate_tally": QUERIES["delete_duplicates_on_every_shard"],
}


@dataclass
class Taken:
    """What goes, or went: partitions with their rows, bodies with their bytes, rows by table."""

    partitions: dict[str, int] = field(default_factory=dict)
    bodies: int = 0
    body_bytes: int = 0
    rows: dict[str, int] = field(default_factory=dict)


async def plan(connection: Connection, limits: Limits) -> Taken:
    """Count what the limits take; changes nothing.

    Raises:
        StoreError: the database refused.
        StoreUnavailableError: it does not answer.

    """
    found = Taken()
    with mapped_driver_errors():
        for month in await _expired(connection, limits):
            found.partitions[_name(month)] = await _count(connection, month)
        counted = await connection.fetchrow(QUERIES["count_aged_bodies"], limits.bodies)
        found.bodies, found.body_bytes = counted or (0, 0)
        for table, limit, count, _ in _ROWS:
            found.rows[table] = await connection.fetchval(count, getattr(limits, limit))
    return found


async def apply(connection: Connection, limits: Limits, policy: str, *, now: datetime) -> Taken:
    """Take what `plan` counts; a line in admin_log says what went, also when it broke off.

    Raises:
        StoreError: the database refused.
        StoreUnavailableError: it does not answer, or a partition was in use all the time.

    """
    taken, complete = Taken(), False
    try:
        with mapped_driver_errors():
            for month in await _expired(connection, limits):
                rows = await _count(connection, month)
                await _drop(connection, month)
                taken.partitions[_name(month)] = rows
            await _remove_bodies(connection, limits, taken, now)
            await _delete_rows(connection, limits, taken)
        complete = True
    finally:
        detail = {"complete": complete, **asdict(taken)}
        with mapped_driver_errors():
            await log_admin(connection, "retention.apply", policy, detail)
    return taken


async def _expired(connection: Connection, limits: Limits) -> list[date]:
    rows = await connection.fetch(QUERIES["event_partitions"])
    return expired_months([row["month"] for row in rows], limits.events)


async def _count(connection: Connection, month: date) -> int:
    rows: int = await connection.fetchval(QUERIES["count_events"], *month_bounds(month))
    return rows


async def _drop(connection: Connection, month: date) -> None:
    """Drop a partition; DETACH CONCURRENTLY is not allowed where there is a default partition.

    The lock on `event` is exclusive and held for an instant, but waiting for it keeps writers
    waiting behind us, so we give up early and let them through before we try again.
    """
    for tried in range(1, LOCK_TRIES_MAX_COUNT + 1):
        try:
            with mapped_driver_errors():
                await connection.execute(QUERIES["drop_event_partition"], month)
        except StoreUnavailableError:
            if tried == LOCK_TRIES_MAX_COUNT or connection.is_closed():
                raise
            await asyncio.sleep(LOCK_RETRY_PAUSE_S)
        else:
            return


async def _remove_bodies(
    connection: Connection, limits: Limits, taken: Taken, now: datetime
) -> None:
    last = UUID(int=0)
    while removed := await connection.fetch(
        QUERIES["remove_bodies"], limits.bodies, last, RETENTION_CHUNK_MAX_COUNT, now
    ):
        last = max(row["batch_id"] for row in removed)
        taken.bodies += len(removed)
        taken.body_bytes += sum(row["bytes"] for row in removed)


async def _delete_rows(connection: Connection, limits: Limits, taken: Taken) -> None:
    at_once = _ON_EVERY_SHARD if await is_distributed(connection) else {}
    for table, limit, _, in_chunks in _ROWS:
        before = getattr(limits, limit)
        if table in at_once:
            taken.rows[table] = _rows_in(await connection.execute(at_once[table], before))
            continue
        taken.rows[table] = 0
        async for deleted in _deleted(connection, in_chunks, before):
            taken.rows[table] += deleted


async def _deleted(
    connection: Connection, query: str, limit: datetime | None
) -> AsyncIterator[int]:
    """Delete chunk by chunk; yield how many rows each had."""
    deleted = RETENTION_CHUNK_MAX_COUNT
    while deleted == RETENTION_CHUNK_MAX_COUNT:
        done = await connection.execute(query, limit, RETENTION_CHUNK_MAX_COUNT)
        deleted = _rows_in(done)
        yield deleted


def _rows_in(done: str) -> int:
    """Return the number in the tag of a DELETE."""
    return int(done.rpartition(" ")[2])


def _name(month: date) -> str:
    return f"event_{month:%Y_%m}"
