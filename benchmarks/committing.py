"""A bare commit: one row inserted by one connection, and waited for."""

import asyncio
import time
from typing import Final

import asyncpg
import uvloop

_TABLE: Final = "CREATE TABLE IF NOT EXISTS bare_commit (moment timestamptz NOT NULL)"
_INSERT: Final = "INSERT INTO bare_commit VALUES (now())"


def commits(dsn: str, count: int) -> list[float]:
    """Return the seconds that each of so many commits took."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_commits(dsn, count))


async def _commits(dsn: str, count: int) -> list[float]:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_TABLE)
        insert = await connection.prepare(_INSERT)
        took_s = []
        for _ in range(count):
            began_s = time.perf_counter()
            await insert.fetch()
            took_s.append(time.perf_counter() - began_s)
        return took_s
    finally:
        await connection.close()
