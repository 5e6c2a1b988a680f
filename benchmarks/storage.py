"""How many bytes does an event cost? 100,000 real ones through a real sink, then Postgres is asked.

Batches of 100 events, zstd as the client sends them. The sizes do not depend on the machine, so one
round is made however many are asked for.
"""

import asyncio
import gzip
import itertools
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
from backports import zstd
from figures import Figure

from support.postgres import in_own_loop, migrated_template, some_postgres
from support.senders import enrolled_keys
from support.sink_process import sink_process
from support.uploads import Upload, new_batch_id, payload_of
from support.world import free_port
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.times import format_time

LINE: Final = "storage"
EVENTS_FILE: Final = Path(__file__).resolve().parents[1] / "tests/data/usage-events.jsonl.gz"
BATCH_EVENTS: Final = 100
BATCHES: Final = max(8, round(1_000 * float(os.environ.get("VOX_BENCH_SCALE", "1"))))
AT_ONCE: Final = 8
_SIZES: Final = """
SELECT (SELECT count(*) FROM event) AS events, (SELECT count(*) FROM batch) AS batches,
       (SELECT sum(pg_table_size(inhrelid)) FROM pg_inherits
        WHERE inhparent = 'event'::regclass)::bigint AS event_rows,
       (SELECT sum(pg_indexes_size(inhrelid)) FROM pg_inherits
        WHERE inhparent = 'event'::regclass)::bigint AS event_indexes,
       pg_total_relation_size('batch') AS batch_bytes,
       (SELECT sum(octet_length(coded_body)) FROM batch)::bigint AS bodies
"""


def measure(rounds: int) -> Iterator[Figure]:
    """Yield the bytes of an event in its table, its indexes, its batch's row and the log."""
    del rounds
    with (
        some_postgres(None) as server,
        migrated_template(server) as template,
        server.fresh_database(template=template) as dsn,
        sink_process(dsn, free_port()) as sink,
    ):
        keys = in_own_loop(lambda: enrolled_keys(dsn, AT_ONCE))
        before = in_own_loop(lambda: _fetched(dsn, "SELECT pg_current_wal_insert_lsn()::text"))[0]
        asyncio.run(_send(sink.url, keys))
        wal_query = f"SELECT pg_current_wal_insert_lsn() - '{before}'::pg_lsn"
        wal = in_own_loop(lambda: _fetched(dsn, wal_query))[0]
        in_own_loop(lambda: _fetched(dsn, "VACUUM ANALYZE"))
        sizes = in_own_loop(lambda: _fetched(dsn, _SIZES))
    events = sizes["events"]
    if events != BATCHES * BATCH_EVENTS:
        raise RuntimeError(f"{events} events are stored, expected {BATCHES * BATCH_EVENTS}")
    for what, size in {
        "an event's row": sizes["event_rows"],
        "its index entry": sizes["event_indexes"],
        "its part of its batch's row, body and index": sizes["batch_bytes"],
        "of that, the coded body": sizes["bodies"],
        "its part of the write-ahead log": int(wal),
    }.items():
        yield Figure(LINE, what, "bytes/event", [size / events])


async def _send(url: str, keys: list[SigningKey]) -> None:
    with gzip.open(EVENTS_FILE, "rt", encoding="utf-8") as lines:
        events = itertools.cycle([json.loads(line) for line in lines])
    numbers = iter(range(BATCHES))
    await asyncio.gather(*(_send_on(url, key, events, numbers) for key in keys))


async def _send_on(
    url: str, key: SigningKey, events: Iterator[dict[str, Any]], numbers: Iterator[int]
) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        for _ in numbers:
            now, batch_id = format_time(datetime.now(UTC)), new_batch_id()
            chosen = [next(events) | {"recorded_at": now} for _ in range(BATCH_EVENTS)]
            payload = payload_of(*chosen, batch_id=batch_id)
            upload = Upload(
                key=key,
                batch_id=batch_id,
                payload=payload,
                body=zstd.compress(payload),
                coding="zstd",
                authority=url.removeprefix("http://"),
            )
            (await upload.post(client)).raise_for_status()


async def _fetched(dsn: str, query: str) -> asyncpg.Record:
    connection = await asyncpg.connect(dsn)
    try:
        [row] = await connection.fetch(query) or [None]
    finally:
        await connection.close()
    return row
