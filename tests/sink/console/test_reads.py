"""Turns at the database: read only, bounded, few at a time, and never in the way of ingest."""

import asyncio
from typing import Any

import pytest

from support.accepted import accepted_batch
from support.stored import run
from vox_telemetry_sink.console.admin_figures import Administrator
from vox_telemetry_sink.console.reads import Reads
from vox_telemetry_sink.console.visitor import Role, Visitor
from vox_telemetry_sink.database import connected_pool
from vox_telemetry_sink.errors import ConsoleRefusalError
from vox_telemetry_sink.store import Store
from vox_telemetry_spec.keys import SigningKey

WHO = Administrator(Visitor("ada", Role.ADMIN, ""))
LONG = "SELECT pg_sleep(60)"
WRITING = "INSERT INTO duplicate_tally VALUES ('2026-11-20', 'k', 1, 1) RETURNING 1"


async def asked(reads: Reads, statement: str) -> Any:
    """Run any statement as a page would."""
    async with reads.for_admin(WHO) as figures:
        return await figures._connection.fetchval(statement)


async def test_a_page_can_write_nothing(database_url: str) -> None:
    async with connected_pool(database_url) as pool:
        with pytest.raises(ConsoleRefusalError, match="could not be read") as info:
            await asked(Reads(pool), WRITING)
    assert info.value.status == 503
    assert await run(database_url, "SELECT count(*) FROM duplicate_tally") == [(0,)]


async def test_a_statement_that_takes_too_long_is_ended_with_words(database_url: str) -> None:
    async with connected_pool(database_url) as pool:
        reads = Reads(pool, statement_deadline_ms=50)
        with pytest.raises(ConsoleRefusalError, match=r"too slow.*Try again in a while") as info:
            await asked(reads, LONG)
        assert (info.value.status, info.value.headers) == (503, {"retry-after": "2"})
        assert await asked(reads, "SELECT 1") == 1
        # The limit is gone with the transaction: uploads use the same connections.
        assert await pool.fetchval("SHOW statement_timeout") == "10s"


async def test_two_pages_read_at_a_time_and_a_third_waits_in_vain(
    database_url: str, key: SigningKey
) -> None:
    async with connected_pool(database_url) as pool:
        reads = Reads(pool, page_deadline_s=1.0)
        pages = [asyncio.create_task(asked(reads, LONG)) for _ in range(12)]
        while pool.get_size() - pool.get_idle_size() < 2:
            assert not any(page.done() for page in pages)
            await asyncio.sleep(0.01)
        batch = accepted_batch(key)
        stored = await Store(pool).write([batch])  # meanwhile
        assert stored[batch.batch_id].is_new
        assert pool.get_size() <= 3
        results = await asyncio.gather(*pages, return_exceptions=True)
    assert {type(result) for result in results} == {ConsoleRefusalError}
    assert all(result.status == 503 for result in results)


async def test_a_page_sees_one_moment(database_url: str) -> None:
    count = "SELECT count(*) FROM duplicate_tally"
    async with connected_pool(database_url) as pool, Reads(pool).for_admin(WHO) as figures:
        assert await figures._connection.fetchval(count) == 0
        await run(database_url, "INSERT INTO duplicate_tally VALUES ('2026-11-20', 'k', 1, 1)")
        assert await figures._connection.fetchval(count) == 0
    assert await run(database_url, count) == [(1,)]


async def test_a_database_that_is_away_is_told_in_words() -> None:
    async with connected_pool("postgresql://u:geheim@127.0.0.1:1/x") as pool:
        with pytest.raises(ConsoleRefusalError, match="the database is away") as info:
            await asked(Reads(pool), "SELECT 1")
    assert "geheim" not in info.value.words
