"""One stored batch, for an operator."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from vox_telemetry_sink.admin_log import log_admin
from vox_telemetry_sink.database import QUERIES, Connection, mapped_driver_errors


class ShownBatch(NamedTuple):
    """The columns of show_batch; without a body the last three are None."""

    batch_id: UUID
    key_id: str
    key_name: str | None
    payload_sha256: bytes
    content_encoding: str | None
    event_count: int
    approved_at: datetime
    received_at: datetime
    producer_name: str
    producer_version: str
    body_removed_at: datetime | None
    coded_bytes: int | None
    coded_body: bytes | None
    signed_request: bytes | None


async def find_batch(connection: Connection, batch_id: UUID) -> ShownBatch | None:
    """Return a stored batch, or None.

    Raises:
        StoreError: the database refused.
        StoreUnavailableError: it does not answer.

    """
    with mapped_driver_errors():
        row = await connection.fetchrow(QUERIES["show_batch"], batch_id)
    return None if row is None else ShownBatch(*row)


async def count_events(connection: Connection, batch_id: UUID) -> dict[str, int]:
    """Return how many events of each family are stored under a batch's id.

    Raises:
        StoreError: the database refused.
        StoreUnavailableError: it does not answer.

    """
    with mapped_driver_errors():
        rows = await connection.fetch(QUERIES["count_batch_events"], batch_id)
    return {row["family"]: row["count"] for row in rows}


async def record_shown(connection: Connection, batch_id: UUID) -> None:
    """Write to admin_log that somebody has looked at a batch's events.

    Raises:
        StoreError: the database refused.
        StoreUnavailableError: it does not answer.

    """
    with mapped_driver_errors():
        await log_admin(connection, "batches.show", str(batch_id), {"body": True})
