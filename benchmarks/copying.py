"""The reference of `ingest`: the very rows, copied into Postgres without any sink."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import asyncpg
import uvloop
from made import Batch, Row

TRANSACTION_BATCHES: Final = 16
BATCH_COLUMNS: Final = (
    "batch_id",
    "key_id",
    "payload_sha256",
    "content_encoding",
    "coded_body",
    "signed_request",
    "event_count",
    "approved_at",
    "received_at",
    "producer_name",
    "producer_version",
)
EVENT_COLUMNS: Final = (
    "batch_id",
    "event_index",
    "received_at",
    "recorded_at",
    "family",
    "metric_type",
    "sensitivity_class",
    "session_id",
    "metric_value",
    "metadata",
)


def copy(dsn: str, batches: Sequence[Batch], *, at_once: int = TRANSACTION_BATCHES) -> float:
    """Copy rows and batch rows over one connection, so many batches a transaction; give seconds.

    What is only preparation (the connection, the lists of rows) is not counted.
    """
    groups = [batches[first : first + at_once] for first in range(0, len(batches), at_once)]
    rows = [
        (
            [batch.batch_row for batch in group],
            [row for batch in group for row in batch.event_rows],
        )
        for group in groups
    ]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_copy(dsn, rows))


async def _copy(dsn: str, groups: Sequence[tuple[list[Row], list[Row]]]) -> float:
    connection = await asyncpg.connect(dsn)
    try:
        began_s = time.perf_counter()
        for batch_rows, event_rows in groups:
            async with connection.transaction():
                await connection.copy_records_to_table(
                    "batch", records=batch_rows, columns=BATCH_COLUMNS
                )
                await connection.copy_records_to_table(
                    "event", records=event_rows, columns=EVENT_COLUMNS
                )
        return time.perf_counter() - began_s
    finally:
        await connection.close()
