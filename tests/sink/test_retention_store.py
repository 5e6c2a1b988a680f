"""What retention takes from a real Postgres, beside a sink that writes."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from support.stored import run, store_batch
from support.uploads import Upload
from vox_telemetry_sink import retention_store
from vox_telemetry_sink.database import connected_pool, make_partitions, operator_connection
from vox_telemetry_sink.errors import StoreError, StoreUnavailableError
from vox_telemetry_sink.retention import Limits, limits_of
from vox_telemetry_sink.retention_store import Taken
from vox_telemetry_spec.retention import load_policy

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
LIMITS = limits_of(load_policy(), NOW)  # events and bodies before 2026-05-26 04:00
NOTHING = Limits(*[None] * len(Limits._fields))
ROWS = {
    "event_default": 0,
    "batch": 0,
    "rejection": 0,
    "enrolment_code": 0,
    "duplicate_tally": 0,
    "admin_log": 0,
}
BODIES = "SELECT batch_id::text, coded_body IS NOT NULL, signed_request IS NOT NULL FROM batch"


async def take(dsn: str, limits: Limits = LIMITS, now: datetime = NOW) -> Taken:
    async with operator_connection(dsn) as connection:
        return await retention_store.apply(connection, limits, "test policy", now=now)


async def plan(dsn: str, limits: Limits = LIMITS) -> Taken:
    async with operator_connection(dsn) as connection:
        return await retention_store.plan(connection, limits)


async def make_months(dsn: str, first: date) -> None:
    async with connected_pool(dsn) as pool, pool.acquire() as connection:
        await make_partitions(connection, first)


async def partitions(dsn: str) -> list[str]:
    rows = await run(
        dsn,
        "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid"
        " WHERE inhparent = 'event'::regclass ORDER BY 1",
    )
    return [row[0] for row in rows]


@pytest.fixture
async def aged(database_url: str) -> dict[str, str]:
    """Store batches of several ages, in months with a partition and in the default one."""
    await make_months(database_url, date(2026, 2, 1))  # February to May
    times = {
        "forgotten": datetime(2025, 10, 1, tzinfo=UTC),  # 417 days old, in the default partition
        "march": datetime(2026, 3, 31, 23, 59, tzinfo=UTC),
        "early in May": datetime(2026, 5, 1, tzinfo=UTC),
        "late in May": datetime(2026, 5, 26, 4, tzinfo=UTC),
        "recent": datetime(2026, 11, 1, tzinfo=UTC),
    }
    return {
        name: await store_batch(database_url, moment, events=2) for name, moment in times.items()
    }


async def test_a_plan_counts_and_changes_nothing(database_url: str, aged: dict[str, str]) -> None:
    before = await partitions(database_url)
    found = await plan(database_url)
    assert found == Taken(
        partitions={"event_2026_02": 0, "event_2026_03": 2, "event_2026_04": 0},
        bodies=3,
        body_bytes=12,
        rows=ROWS | {"event_default": 2, "batch": 1},
    )
    assert await partitions(database_url) == before
    assert await run(database_url, "SELECT count(*) FROM event") == [(10,)]
    assert await run(database_url, "SELECT count(*) FROM admin_log") == [(0,)]


async def test_apply_takes_what_the_plan_counted(database_url: str, aged: dict[str, str]) -> None:
    planned = await plan(database_url)
    taken = await take(database_url)
    assert taken == planned
    assert "event_2026_05" in await partitions(database_url)  # 26 May is not past
    assert not {"event_2026_02", "event_2026_03", "event_2026_04"} & set(
        await partitions(database_url)
    )
    events = await run(database_url, "SELECT DISTINCT batch_id::text FROM event")
    assert {row[0] for row in events} == {
        aged[name] for name in ("early in May", "late in May", "recent")
    }
    assert await take(database_url) == Taken({}, 0, 0, ROWS)


async def test_a_body_goes_and_its_id_stays(database_url: str, aged: dict[str, str]) -> None:
    await take(database_url)
    assert {row[0]: row[1:] for row in await run(database_url, BODIES)} == {
        aged["march"]: (False, False),
        aged["early in May"]: (False, False),
        aged["late in May"]: (True, True),
        aged["recent"]: (True, True),
    }
    removed = "SELECT DISTINCT body_removed_at FROM batch WHERE coded_body IS NULL"
    assert await run(database_url, removed) == [(NOW,)]


async def test_a_resend_of_a_batch_without_body_is_a_duplicate(
    database_url: str, client: httpx.AsyncClient, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    one = upload()
    first = await one.post(client)
    later = datetime.now(UTC) + timedelta(days=181)
    taken = await take(database_url, limits_of(load_policy(), later), later)
    assert (taken.bodies, taken.rows["batch"]) == (1, 0)
    again = await one.post(client)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert await fetch("SELECT count(*) FROM batch") == [(1,)]
    other_bytes = upload(batch_id=one.batch_id, payload=one.payload.replace(b"0.1.0", b"0.1.1"))
    assert (await other_bytes.post(client)).status_code == 409


async def test_rejections_codes_and_log_lines_go_by_their_own_days(database_url: str) -> None:
    for days in (10, 30):
        moment = NOW - timedelta(days=days)
        await run(
            database_url,
            "INSERT INTO rejection (rejected_at, key_id, problem, violations, content_sha256,"
            " coded_bytes) VALUES ($1, 'k', 'p', '[]', decode(repeat('33', 32), 'hex'), 1)",
            moment,
        )
        await run(
            database_url,
            "INSERT INTO enrolment_code (code_sha256, name, max_sensitivity, made_at, expires_at)"
            " VALUES (sha256($1::text::bytea), 'n', 'S1', $2, $2)",
            str(days),
            moment,
        )
        await run(
            database_url,
            "INSERT INTO admin_log (logged_at, action, subject, detail) VALUES ($1, 'x', 'y', '{}')",
            moment,
        )
    limit = NOW - timedelta(days=20)
    taken = await take(
        database_url, NOTHING._replace(rejections=limit, codes=limit, admin_log=limit)
    )
    assert taken.rows == ROWS | {"rejection": 1, "enrolment_code": 1, "admin_log": 1}
    for table in ("rejection", "enrolment_code"):
        assert len(await run(database_url, f"TABLE {table}")) == 1


async def test_a_day_of_repetitions_goes_when_all_of_it_is_past_the_limit(
    database_url: str,
) -> None:
    for day in (date(2026, 5, 25), date(2026, 5, 26), date(2026, 5, 27)):
        await run(database_url, "INSERT INTO duplicate_tally VALUES ($1, 'k', 2, 9)", day)
    async with operator_connection(database_url) as connection:
        planned = await retention_store.plan(connection, LIMITS)
    taken = await take(database_url)
    assert planned.rows == taken.rows == ROWS | {"duplicate_tally": 1}
    left = await run(database_url, "SELECT day FROM duplicate_tally ORDER BY day")
    assert left == [(date(2026, 5, 26),), (date(2026, 5, 27),)]


async def test_an_apply_leaves_one_line_in_admin_log(
    database_url: str, aged: dict[str, str]
) -> None:
    taken = await take(database_url)
    rows = await run(database_url, "SELECT action, subject, detail::text FROM admin_log")
    assert [row[:2] for row in rows] == [("retention.apply", "test policy")]
    assert json.loads(rows[0][2]) == {
        "complete": True,
        "partitions": taken.partitions,
        "bodies": 3,
        "body_bytes": 12,
        "rows": taken.rows,
    }


async def test_no_limit_takes_nothing(database_url: str, aged: dict[str, str]) -> None:
    assert await take(database_url, NOTHING) == Taken({}, 0, 0, ROWS)
    assert await run(database_url, "SELECT count(*) FROM event") == [(10,)]


async def test_more_rows_than_a_chunk_go_too(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_store, "RETENTION_CHUNK_MAX_COUNT", 3)
    for _ in range(7):
        await store_batch(database_url, datetime(2025, 10, 1, tzinfo=UTC))
    taken = await take(database_url)
    assert (taken.bodies, taken.rows["batch"], taken.rows["event_default"]) == (7, 7, 7)
    assert await run(database_url, "SELECT count(*) FROM batch") == [(0,)]


async def test_what_an_operator_attached_is_not_dropped(database_url: str) -> None:
    await run(
        database_url,
        "CREATE TABLE archive PARTITION OF event FOR VALUES FROM ('2020-01-01') TO ('2020-02-01')",
    )
    assert (await take(database_url)).partitions == {}
    assert "archive" in await partitions(database_url)


@asynccontextmanager
async def reading(dsn: str, seconds: float) -> AsyncIterator[None]:
    """Hold a lock as a long query of an analyst does."""
    connection = await asyncpg.connect(dsn)
    transaction = connection.transaction()
    await transaction.start()
    await connection.fetch("SELECT count(*) FROM event")

    async def ended() -> None:
        await asyncio.sleep(seconds)
        await transaction.rollback()

    ending = asyncio.create_task(ended())
    try:
        yield
    finally:
        await ending
        await connection.close()


async def test_a_partition_in_use_is_tried_again(database_url: str, aged: dict[str, str]) -> None:
    async with reading(database_url, 1.5):
        taken = await take(database_url)
    assert list(taken.partitions) == ["event_2026_02", "event_2026_03", "event_2026_04"]


async def test_a_partition_in_use_all_the_time_is_an_error_with_its_line(
    database_url: str, aged: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_store, "LOCK_TRIES_MAX_COUNT", 1)
    async with reading(database_url, 1.5):
        with pytest.raises(StoreUnavailableError, match="SQLSTATE 55P03"):
            await take(database_url)
    rows = await run(database_url, "SELECT detail ->> 'complete' FROM admin_log")
    assert rows == [("false",)]
    assert await run(database_url, "SELECT count(*) FROM event") == [(10,)]


async def test_the_sink_stores_every_batch_while_retention_waits_for_a_lock(
    database_url: str,
    aged: dict[str, str],
    client: httpx.AsyncClient,
    upload: Callable[..., Upload],
) -> None:
    async with reading(database_url, 2.5):
        taking = asyncio.create_task(take(database_url))
        answers = []
        while not taking.done():
            answers.append((await upload().post(client)).status_code)
            await asyncio.sleep(0.05)
    assert len(taking.result().partitions) == 3
    assert len(answers) > 3
    assert set(answers) == {201}


async def test_a_refusal_of_the_database_is_mapped(database_url: str) -> None:
    async with operator_connection(database_url) as connection:
        await connection.execute("ALTER TABLE event_default RENAME TO away")
        with pytest.raises(StoreError, match="SQLSTATE 42P01"):
            await retention_store.plan(connection, LIMITS)
