import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
from structlog.testing import capture_logs

from support.postgres import PostgresServer, database_name
from support.stored import run
from vox_telemetry_sink.database import connected_pool
from vox_telemetry_sink.partitions import keeping_partitions_ahead

MONTHS = (
    "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid"
    " WHERE inhparent = 'event'::regclass AND relname LIKE 'event_2033%' ORDER BY 1"
)
QUICK_S = 0.02


async def until(found: Callable[[], bool]) -> None:
    """Wait until what is logged is what is waited for."""
    async with asyncio.timeout(20):
        while not found():  # noqa: ASYNC110 -- the log is a list, it sets no event
            await asyncio.sleep(0.01)


async def test_partitions_are_made_ahead_while_the_sink_serves(database_url: str) -> None:
    days = iter([datetime(2033, 1, 31, 23, tzinfo=UTC), datetime(2033, 2, 1, tzinfo=UTC)])
    last = datetime(2033, 2, 2, tzinfo=UTC)
    async with connected_pool(database_url) as pool:
        with capture_logs() as logs:
            async with keeping_partitions_ahead(
                pool, clock=lambda: next(days, last), interval_s=QUICK_S
            ):
                await until(lambda: len(logs) >= 3)
    assert [line["count"] for line in logs[:3]] == [4, 1, 0]
    assert [row[0] for row in await run(database_url, MONTHS)] == [
        f"event_2033_0{month}" for month in range(1, 6)
    ]


async def test_what_goes_wrong_is_logged_and_tried_again(
    database_url: str, postgres_server: PostgresServer
) -> None:
    name = database_name(database_url)
    clock = lambda: datetime(2033, 1, 1, tzinfo=UTC)  # noqa: E731 -- as an operator's clock
    async with connected_pool(database_url) as pool:
        await run(database_url, "ALTER TABLE event_default RENAME TO away")
        with capture_logs() as logs:
            async with keeping_partitions_ahead(pool, clock=clock, interval_s=QUICK_S):
                await until(lambda: len(logs) >= 2)
                await run(database_url, "ALTER TABLE away RENAME TO event_default")
                await until(lambda: logs[-1]["log_level"] == "info")
    assert [line["log_level"] for line in logs[:2]] == ["error", "error"]
    assert "SQLSTATE 42P01" in logs[0]["reason"]
    assert name not in str(logs)
    assert len(await run(database_url, MONTHS)) == 4


async def test_workers_that_look_at_once_take_turns(database_url: str) -> None:
    clock = lambda: datetime(2033, 1, 1, tzinfo=UTC)  # noqa: E731 -- as an operator's clock
    async with connected_pool(database_url) as pool:
        with capture_logs() as logs:
            async with (
                keeping_partitions_ahead(pool, clock=clock, interval_s=QUICK_S),
                keeping_partitions_ahead(pool, clock=clock, interval_s=QUICK_S),
                keeping_partitions_ahead(pool, clock=clock, interval_s=QUICK_S),
            ):
                await until(lambda: len(logs) >= 9)
    assert {line["log_level"] for line in logs} == {"info"}
    assert sum(line["count"] for line in logs) == 4


async def test_an_end_is_not_waited_for(database_url: str) -> None:
    async with (
        connected_pool(database_url) as pool,
        asyncio.timeout(5),
        keeping_partitions_ahead(pool, interval_s=3600.0),
    ):
        pass


async def test_a_serving_sink_looks_after_its_partitions(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).status_code == 200
    assert [task.get_name() for task in asyncio.all_tasks()].count("partitions") == 1
