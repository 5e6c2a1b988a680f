"""k-anonymity of what the reader's role may read, on real roles of a real Postgres."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from support.console_pages import store_refusal
from support.postgres import PostgresServer, database_name, with_database, with_settings
from support.stored import ANALYST, READER, roles_of_views, run, store_batch
from vox_telemetry_sink.anonymity import change_k, find_k
from vox_telemetry_sink.database import migrate, operator_connection
from vox_telemetry_sink.errors import StoreError

DAY = date(2026, 11, 3)
MOMENT = datetime(2026, 11, 3, 12, tzinfo=UTC)
PASSWORD = "only-of-this-test"
GROUPS = "SELECT day, events, keys FROM daily_events ORDER BY day"
NOT_FOR_READERS = (
    "event",
    "event_default",
    "batch",
    "client_key",
    "enrolment_code",
    "rejection",
    "admin_log",
    "console_token",
    "console_session",
    "anonymity",
    "schema_migration",
    "all_events",
    "all_rejections",
    "all_duplicates",
    "all_families",
    "duplicate_tally",
    "key_origin",
    "events_by_key",
    "event_benchmark",
)


@pytest.fixture
def dsn(postgres_server: PostgresServer, migrated_database: str) -> Iterator[str]:
    """Give a migrated database whose server has the two roles."""
    with (
        roles_of_views(postgres_server),
        postgres_server.fresh_database(template=migrated_database) as url,
    ):
        yield url


@pytest.fixture
async def reader(dsn: str, postgres_server: PostgresServer) -> str:
    """Give the DSN with which a member of the reader's role acts; it owns nothing."""
    await migrate(dsn)
    return as_member(dsn, postgres_server, READER)


def as_administrator(dsn: str, server: PostgresServer) -> str:
    return with_database(server.admin_dsn, database_name(dsn))


def as_member(dsn: str, server: PostgresServer, role: str) -> str:
    return with_settings(as_administrator(dsn, server), f"options=-crole%3D{role}")


async def store_keys(dsn: str, count: int, **changes: object) -> None:
    for number in range(count):
        await store_batch(dsn, MOMENT, key_id=f"key-{number}", **changes)


async def test_a_group_of_19_keys_is_hidden_and_of_20_shown(dsn: str, reader: str) -> None:
    await store_keys(dsn, 19)
    assert await run(reader, GROUPS) == []
    await store_batch(dsn, MOMENT, key_id="key-19")
    assert await run(reader, GROUPS) == [(DAY, 20, 20)]


async def test_many_events_of_one_key_are_hidden(dsn: str, reader: str) -> None:
    await store_batch(dsn, MOMENT, key_id="busy", events=500)
    for view in ("daily_events", "daily_events_by_family", "daily_benchmark"):
        assert await run(reader, f"TABLE {view}") == []


async def test_a_key_and_its_rotations_count_once(dsn: str, reader: str) -> None:
    statement = (
        "INSERT INTO client_key (key_id, public_key, name, enrolled_at, replaces)"
        " VALUES ($1, decode(repeat('33', 32), 'hex'), 'n', now(), $2)"
    )
    for key_id, replaces in (("key-0", None), ("later", "key-0"), ("latest", "later")):
        await run(dsn, statement, key_id, replaces)
    await store_keys(dsn, 18)
    for key_id in ("later", "latest"):
        await store_batch(dsn, MOMENT, key_id=key_id)
    assert await run(reader, GROUPS) == []
    await store_batch(dsn, MOMENT, key_id="other")
    await store_batch(dsn, MOMENT, key_id="another")
    assert await run(reader, GROUPS) == [(DAY, 22, 20)]


async def test_each_group_is_hidden_by_its_own_keys(dsn: str, reader: str) -> None:
    await store_keys(dsn, 20, metadata={"name": "n", "metric_value_unit": "seconds"})
    await store_keys(
        dsn, 19, metadata={"name": "n", "metric_value_unit": "bytes"}, metric_value=7.0
    )
    await store_batch(dsn, MOMENT + timedelta(days=1), key_id="tomorrow")
    shown = "SELECT day, metric_value_unit, events, keys, mean_metric_value FROM daily_benchmark"
    assert await run(reader, shown) == [(DAY, "seconds", 20, 20, 1.5)]
    by_family = "SELECT day, family, events, keys FROM daily_events_by_family"
    assert await run(reader, by_family) == [(DAY, "benchmark", 39, 20)]


async def test_days_families_and_repetitions_are_hidden_by_keys(dsn: str, reader: str) -> None:
    tomorrow = MOMENT + timedelta(days=1)
    repeated = "INSERT INTO duplicate_tally VALUES ($1, $2, 2, 10)"
    for number in range(20):
        await store_batch(dsn, MOMENT, key_id=f"key-{number}", events=3)
        await run(dsn, repeated, DAY, f"key-{number}")
    for number in range(19):
        await store_batch(dsn, tomorrow, key_id=f"key-{number}", family="error")
        await run(dsn, repeated, tomorrow.date(), f"key-{number}")
    assert await run(reader, "SELECT * FROM daily_batches") == [(DAY, 20, 60, 20)]
    assert await run(reader, "SELECT * FROM daily_families") == [(DAY, "benchmark", 60, 20, 20)]
    assert await run(reader, "SELECT * FROM daily_duplicates") == [(DAY, 40, 200, 20)]
    await store_batch(dsn, tomorrow, key_id="key-19", family="model_call")
    assert (await run(reader, "SELECT * FROM daily_batches ORDER BY day"))[1:] == [
        (tomorrow.date(), 20, 20, 20)
    ]
    assert len(await run(reader, "SELECT * FROM daily_families")) == 1


async def test_rejections_are_hidden_by_keys(dsn: str, reader: str) -> None:
    for number in range(20):
        await run(
            dsn,
            "INSERT INTO rejection (rejected_at, key_id, problem, violations, content_sha256,"
            " coded_bytes, event_count) VALUES ($1, $2, 'contract-refused', $3::text::jsonb,"
            " decode(repeat('33', 32), 'hex'), 1, 3)",
            MOMENT,
            f"key-{number}",
            '[{"rule": "contract.type", "event": 0, "pointer": "/x"}]'
            if number
            else '[{"rule": "contract.enum", "event": 0, "pointer": "/x"}]',
        )
    assert await run(reader, "SELECT * FROM daily_rejections") == [
        (DAY, "contract-refused", 20, 20, 60)
    ]
    assert await run(reader, "SELECT * FROM daily_refused") == [(DAY, 20, 60, 20)]
    assert await run(reader, "SELECT * FROM daily_rejections_by_rule") == []


async def test_a_mean_is_hidden_by_the_keys_that_have_a_value(dsn: str, reader: str) -> None:
    await store_keys(dsn, 19, metric_value=None)
    await store_batch(dsn, MOMENT, key_id="alone", metric_value=7.5)
    shown = "SELECT events, keys, mean_metric_value FROM daily_benchmark"
    assert await run(reader, shown) == [(20, 20, None)]
    await store_keys(dsn, 19, metric_value=7.5)
    assert await run(reader, shown) == [(39, 20, 7.5)]


async def test_refused_events_are_hidden_by_the_keys_whose_events_were_counted(
    dsn: str, reader: str
) -> None:
    for number in range(19):
        await store_refusal(dsn, f"key-{number}", MOMENT, events=None)
    await store_refusal(dsn, "alone", MOMENT, events=17)
    problems = "SELECT batches, keys, events FROM daily_rejections"
    days = "SELECT batches, keys, events FROM daily_refused"
    assert await run(reader, problems) == await run(reader, days) == [(20, 20, None)]
    for number in range(19):
        await store_refusal(dsn, f"key-{number}", MOMENT, events=1)
    assert await run(reader, problems) == await run(reader, days) == [(39, 20, 36)]


async def test_k_is_a_setting_that_the_views_obey(dsn: str, reader: str) -> None:
    await store_keys(dsn, 20)
    async with operator_connection(dsn) as connection:
        assert await find_k(connection) == 20
        assert await change_k(connection, 21) == 20
        assert await run(reader, GROUPS) == []
        assert await change_k(connection, 20) == 21
    assert await run(reader, GROUPS) == [(DAY, 20, 20)]
    assert await run(dsn, "SELECT action, subject, detail::text FROM admin_log") == [
        ("anonymity.set", "k_keys", '{"before": 20, "k_keys": 21}'),
        ("anonymity.set", "k_keys", '{"before": 21, "k_keys": 20}'),
    ]


async def test_k_is_never_under_20(dsn: str) -> None:
    async with operator_connection(dsn) as connection:
        with pytest.raises(StoreError, match="SQLSTATE 23514"):
            await change_k(connection, 19)
        assert await find_k(connection) == 20


@pytest.mark.parametrize("table", NOT_FOR_READERS)
async def test_a_reader_reads_no_row_and_no_table(reader: str, table: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(reader, f"TABLE {table}")


async def test_a_reader_cannot_change_k_or_anything_else(reader: str) -> None:
    for statement in (
        "UPDATE anonymity SET k_keys = 20",
        "INSERT INTO admin_log (action, subject, detail) VALUES ('x', 'x', '{}')",
        "CREATE TABLE mine (x integer)",
        "SELECT drop_event_partition('2026-11-01')",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await run(reader, statement)


async def test_a_readers_condition_sees_no_hidden_group(dsn: str, reader: str) -> None:
    await store_keys(dsn, 19)
    connection = await asyncpg.connect(reader)
    told: list[str] = []
    connection.add_log_listener(lambda _, message: told.append(str(message)))
    try:
        await connection.execute(
            "CREATE FUNCTION pg_temp.told(day date) RETURNS boolean LANGUAGE plpgsql STABLE"
            " AS $$ BEGIN RAISE NOTICE 'saw %', day; RETURN true; END $$"
        )
        assert await connection.fetch("SELECT * FROM daily_events WHERE pg_temp.told(day)") == []
    finally:
        await connection.close()
    assert told == []


async def test_an_analyst_reads_rows_but_no_body_key_or_code(
    dsn: str, postgres_server: PostgresServer
) -> None:
    await migrate(dsn)
    analyst = as_member(dsn, postgres_server, ANALYST)
    await store_batch(dsn, MOMENT, key_id="one")
    for view in ("all_events", "event_benchmark", "events_by_key"):
        rows = await run(analyst, f"TABLE {view}")
        assert [("one" in row) for row in rows] == [True]
    assert await run(analyst, GROUPS) == []
    for table in ("batch", "client_key", "enrolment_code", "admin_log", "anonymity"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(analyst, f"TABLE {table}")


async def test_migrate_makes_the_roles_where_it_may(
    postgres_server: PostgresServer, migrated_database: str
) -> None:
    exist = "SELECT count(*) FROM pg_roles WHERE rolname IN ($1, $2)"
    with postgres_server.fresh_database(template=migrated_database) as url:
        await migrate(url)  # its role may not
        assert await run(url, exist, READER, ANALYST) == [(0,)]
        await migrate(as_administrator(url, postgres_server))
        assert await run(url, exist, READER, ANALYST) == [(2,)]
    postgres_server.administer(*(f"DROP ROLE {role}" for role in (READER, ANALYST)))
