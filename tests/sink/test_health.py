import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest

from support.uploads import Upload
from vox_telemetry_spec.problems import ProblemType

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
LiveSink = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
WAITING_FOR_LOCKS = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE datname = current_database() AND NOT granted
"""


async def test_a_sink_that_can_store_is_ready(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": [
            {"id": "sink.E001", "name": "database", "ok": True, "message": ""},
            {"id": "sink.E002", "name": "migrations", "ok": True, "message": ""},
            {"id": "sink.E003", "name": "partitions", "ok": True, "message": ""},
            {"id": "sink.E004", "name": "writer", "ok": True, "message": ""},
            {"id": "sink.E005", "name": "queue", "ok": True, "message": ""},
        ],
    }


async def test_pending_migrations_make_it_not_ready(
    live_sink: LiveSink, empty_database_url: str
) -> None:
    async with live_sink(database_url=empty_database_url) as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "not-ready")
        assert answer.json()["checks"][1]["id"] == "sink.E002"
        assert "run vox-telemetry-sink migrate" in answer.json()["checks"][1]["message"]


async def test_a_database_of_another_program_makes_it_not_ready(
    client: httpx.AsyncClient, fetch: Fetch
) -> None:
    await fetch("UPDATE schema_migration SET sha256 = '\\x00' RETURNING 1")
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"][1]["ok"]) == (503, False)


async def test_a_database_that_is_away_makes_it_not_ready_but_alive(live_sink: LiveSink) -> None:
    async with live_sink(database_url="postgresql://u:geheim@127.0.0.1:1/x") as client:
        ready, alive = await client.get("/readyz"), await client.get("/livez")
    assert ready.status_code == 503
    assert [(c["id"], c["ok"]) for c in ready.json()["checks"]] == [
        ("sink.E001", False),
        ("sink.E004", True),
        ("sink.E005", True),
    ]
    assert ready.headers["retry-after"] == "2"
    assert "geheim" not in ready.text
    assert (alive.status_code, alive.json()["status"]) == (200, "ok")


async def test_a_month_without_any_partition_makes_it_not_ready(
    client: httpx.AsyncClient, fetch: Fetch
) -> None:
    month = datetime.now(UTC).strftime("event_%Y_%m")
    await fetch("DROP TABLE event_default")
    assert (await client.get("/readyz")).status_code == 200
    await fetch(f"DROP TABLE {month}")
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert [c["name"] for c in answer.json()["checks"] if not c["ok"]] == ["partitions"]


async def test_a_full_queue_makes_it_not_ready_and_uploads_are_503_with_retry_after(
    client: httpx.AsyncClient,
    upload: Callable[..., Upload],
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vox_telemetry_sink.writer.QUEUE_MAX_BATCHES", 2)
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE batch")
            first = asyncio.create_task(upload().post(client))
            while await connection.fetchval(WAITING_FOR_LOCKS) == 0:
                assert not first.done()  # it is about to be written
                await asyncio.sleep(0.02)
            waiting = [asyncio.create_task(upload().post(client)) for _ in range(2)]
            while (await client.get("/readyz")).status_code == 200:
                assert not any(one.done() for one in waiting)
                await asyncio.sleep(0.02)
            refused, ready = await upload().post(client), await client.get("/readyz")
            alive = await client.get("/livez")
    finally:
        await connection.close()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert refused.json()["type"] == ProblemType.OVERLOADED.uri
    assert (ready.status_code, alive.status_code) == (503, 200)
    assert [c["name"] for c in ready.json()["checks"] if not c["ok"]] == ["queue"]
    assert [answer.status_code for answer in await asyncio.gather(first, *waiting)] == [201] * 3
    assert (await client.get("/readyz")).status_code == 200


async def test_a_database_that_hangs_is_not_ready_at_the_deadline(
    client: httpx.AsyncClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vox_telemetry_sink.health.READY_DEADLINE_S", 0.5)
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE schema_migration")
            answer = await client.get("/readyz")  # the lock is held as long as it takes
    finally:
        await connection.close()
    assert answer.status_code == 503
    assert "did not answer within 0.5 s" in answer.json()["checks"][0]["message"]
    assert (await client.get("/readyz")).status_code == 200


async def test_a_writer_that_ended_makes_it_not_ready(
    client: httpx.AsyncClient, upload: Callable[..., Upload], monkeypatch: pytest.MonkeyPatch
) -> None:
    [writer] = [task for task in asyncio.all_tasks() if task.get_name() == "writer"]
    writer.cancel()
    await asyncio.wait([writer])
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert [c["name"] for c in answer.json()["checks"] if not c["ok"]] == ["writer"]
