"""A database that has stored for a while: millions of events, loaded within the server."""

import asyncio
from typing import Final

import asyncpg
from copying import BATCH_COLUMNS, EVENT_COLUMNS
from databases import Database
from made import BATCH_EVENTS, batches, templates

CHUNK_BATCHES: Final = 10_000

_TABLES: Final = """
CREATE TEMPORARY TABLE real_event (place integer PRIMARY KEY, family text, metric_type text,
    sensitivity_class text, session_id text, metric_value double precision, metadata jsonb);
CREATE TEMPORARY TABLE loaded (number integer, batch_id uuid, received_at timestamptz)
"""
# Ids as UUIDv7, in the order of time and before those of today's batches; received in this month,
# so that what comes later goes on top of the same partition and its index.
_LOADED: Final = """
INSERT INTO loaded
SELECT number, (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '7000b'
    || substr(md5(number::text), 1, 15))::uuid, moment
FROM generate_series(0, $1::integer - 1) AS number,
    LATERAL (SELECT greatest(date_trunc('month', now()),
        now() - interval '1 hour' + number * interval '10 ms') AS moment) AS time
"""
_BATCHES: Final = f"""
INSERT INTO batch ({", ".join(BATCH_COLUMNS)})
SELECT batch_id, $3, sha256(int4send(number)), 'zstd', $4, $5::jsonb, {BATCH_EVENTS}, received_at,
    received_at, 'vox-telemetry', '0.1.0'
FROM loaded WHERE number >= $1 AND number < $2 ORDER BY number
"""  # noqa: S608 -- our own column names
_EVENTS: Final = f"""
INSERT INTO event ({", ".join(EVENT_COLUMNS)})
SELECT batch_id, index, received_at, received_at, family, metric_type, sensitivity_class,
    session_id, metric_value, metadata
FROM (SELECT * FROM loaded WHERE number >= $1 AND number < $2 ORDER BY number) AS chunk
CROSS JOIN generate_series(0, {BATCH_EVENTS - 1}) AS index
JOIN real_event ON place = (number::bigint * {BATCH_EVENTS} + index) % $3
"""  # noqa: S608 -- our own column names


def grow(database: Database, events: int) -> None:
    """Store so many real events in batches of 100, and leave the tables as a night would."""
    asyncio.run(_grow(database.dsn, events // BATCH_EVENTS, database))
    database.run("VACUUM (ANALYZE) event", "VACUUM (ANALYZE) batch", "CHECKPOINT")


async def _grow(dsn: str, count: int, database: Database) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_TABLES)
        await connection.copy_records_to_table(
            "real_event", records=[(place, *event[2:]) for place, event in enumerate(templates())]
        )
        await connection.execute("ANALYZE real_event")
        await connection.execute(_LOADED, count)
        [sample] = batches(1, database.keys)
        _, key_id, _, _, body, signed_request, *_ = sample.batch_row
        for first in range(0, count, CHUNK_BATCHES):
            last = min(first + CHUNK_BATCHES, count)
            await connection.execute(_BATCHES, first, last, key_id, body, signed_request)
            await connection.execute(_EVENTS, first, last, len(templates()))
    finally:
        await connection.close()
