"""Stream every stored batch through the audit: a cursor and one snapshot, so memory stays small."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from vox_telemetry_sink.audit import AuditedBatch, AuditedEvent, Difference, audit
from vox_telemetry_sink.database import QUERIES, Connection, mapped_driver_errors
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.limits import AUDIT_FETCH_BATCHES, BATCH_MAX_EVENTS


@dataclass
class Audited:
    """What was looked at; `without_body` are batches whose body retention took."""

    batches: int = 0
    events: int = 0
    without_body: int = 0
    differences: int = 0


async def audit_all(
    connection: Connection, since: datetime, contracts: Contracts, audited: Audited
) -> AsyncIterator[Difference]:
    """Yield every difference in what was received from `since` on, and count in `audited`.

    Raises:
        StoreError: the database refused.
        StoreUnavailableError: it does not answer, or the connection was lost on the way.

    """
    with mapped_driver_errors():
        transaction = connection.transaction(isolation="repeatable_read", readonly=True)
        await transaction.start()
        audited.without_body = await connection.fetchval(QUERIES["count_without_body"], since)
    async for found in _batches(connection, since, contracts, audited):
        audited.differences += 1
        yield found
    async for found in _orphans(connection, since):
        audited.differences += 1
        yield found
    with mapped_driver_errors():
        await transaction.commit()


async def _batches(
    connection: Connection, since: datetime, contracts: Contracts, audited: Audited
) -> AsyncIterator[Difference]:
    with mapped_driver_errors():
        cursor = await connection.cursor(QUERIES["audit_batches"], since)
    while True:
        with mapped_driver_errors():
            rows = await cursor.fetch(AUDIT_FETCH_BATCHES)
        if not rows:
            return
        for row in rows:
            batch = AuditedBatch(*row)
            events = await _events(connection, batch)
            audited.batches += 1
            audited.events += len(events)
            for found in audit(batch, events, contracts):
                yield found


async def _events(connection: Connection, batch: AuditedBatch) -> list[AuditedEvent]:
    """Return a batch's rows: one more than a batch may have shows that there are too many."""
    with mapped_driver_errors():
        rows = await connection.fetch(QUERIES["audit_events"], batch.batch_id, BATCH_MAX_EVENTS + 1)
    return [AuditedEvent(*row) for row in rows]


async def _orphans(connection: Connection, since: datetime) -> AsyncIterator[Difference]:
    with mapped_driver_errors():
        cursor = await connection.cursor(QUERIES["events_without_batch"], since)
    while True:
        with mapped_driver_errors():
            rows = await cursor.fetch(BATCH_MAX_EVENTS)
        if not rows:
            return
        for (batch_id,) in rows:
            yield Difference(str(batch_id), "event-without-batch")
