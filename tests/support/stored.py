"""Rows as the sink stores them, written straight into the tables: many keys, any age."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec

from support.postgres import PostgresServer

READER, ANALYST = "vox_telemetry_reader", "vox_telemetry_analyst"


async def run(dsn: str, statement: str, *args: object) -> list[tuple[Any, ...]]:
    """Run one statement on a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(statement, *args)]
    finally:
        await connection.close()


async def store_batch(
    dsn: str,
    received_at: datetime,
    *,
    key_id: str = "key",
    family: str = "benchmark",
    metadata: dict[str, Any] | None = None,
    events: int = 1,
    metric_value: float | None = 1.5,
) -> str:
    """Store one batch with some equal events; return its id."""
    batch_id = uuid4()
    await run(
        dsn,
        "INSERT INTO batch VALUES ($1, $2, decode(repeat('33', 32), 'hex'), NULL, 'body', '{}', $3,"
        " $4, $4, 'producer', '1')",
        batch_id,
        key_id,
        events,
        received_at,
    )
    await run(
        dsn,
        "INSERT INTO event SELECT $1, i, $2, $2, $3, 'benchmark_event', 'S0', 'bench:x', $4,"
        " $5::text::jsonb FROM generate_series(0, $6 - 1) AS i",
        batch_id,
        received_at,
        family,
        metric_value,
        msgspec.json.encode(metadata or {"name": "n"}).decode(),
        events,
    )
    return str(batch_id)


@contextmanager
def roles_of_views(server: PostgresServer) -> Iterator[None]:
    """Have the two roles on the server for a block; the databases that grant to them are to go."""
    server.administer(*(f"CREATE ROLE {role} NOLOGIN" for role in (READER, ANALYST)))
    try:
        yield
    finally:
        server.administer(*(f"DROP ROLE {role}" for role in (READER, ANALYST)))
