import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from vox_telemetry_sink.database import (
    QUERIES,
    check_version,
    connected_pool,
    make_partitions,
    mapped_driver_errors,
    migrate,
    pending_migrations,
)
from vox_telemetry_sink.errors import MigrationError, StoreError, StoreUnavailableError
from vox_telemetry_sink.sql import load_migrations

# What makes a schema, without the ids and names that differ between two databases; the partitions
# that migrate() makes for the coming months are data, not schema.
CATALOGUE = """
    SELECT 'column', c.relname, c.relkind::text, c.relpersistence::text, a.attname,
           format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
           a.attstorage::text, pg_get_expr(d.adbin, d.adrelid),
           col_description(c.oid, a.attnum), obj_description(c.oid), pg_get_partkeydef(c.oid),
           pg_get_expr(c.relpartbound, c.oid), a.attnum::text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE n.nspname = 'public' AND c.relname !~ '^event_20'
    UNION ALL
    SELECT 'index', indexname, indexdef, '', '', '', false, '', '', '', '', '', '', '', ''
    FROM pg_indexes WHERE schemaname = 'public' AND tablename !~ '^event_20'
    UNION ALL
    SELECT 'constraint', conname, conrelid::regclass::text, pg_get_constraintdef(oid), '', '',
           false, '', '', '', '', '', '', '', ''
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
         AND conrelid::regclass::text !~ '^event_20'
    UNION ALL
    SELECT 'function', proname, pg_get_functiondef(oid), obj_description(oid), '', '', false, '',
           '', '', '', '', '', '', ''
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'view', viewname, definition, coalesce(array_to_string(reloptions, ' '), ''), '', '',
           false, '', '', '', '', obj_description(c.oid, 'pg_class'), '', '', ''
    FROM pg_views JOIN pg_class c ON c.relname = viewname WHERE schemaname = 'public'
    ORDER BY 1, 2, 15, 3, 4, 5
"""
SCHEMA = "sink/vox_telemetry_sink/sql/schema.sql"


async def run(dsn: str, statement: str, *args: Any) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        if args:
            return await connection.fetch(statement, *args)
        return await connection.execute(statement)
    finally:
        await connection.close()


async def catalogue(dsn: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(CATALOGUE)]
    finally:
        await connection.close()


async def test_the_migrations_add_up_to_the_schema(
    database_url: str, empty_database_url: str, repository_root: Path
) -> None:
    schema = (repository_root / SCHEMA).read_text(encoding="utf-8")
    await run(empty_database_url, schema)
    migrated, written = await catalogue(database_url), await catalogue(empty_database_url)
    assert len(migrated) > 60
    assert len([row for row in migrated if row[0] == "view"]) > 40
    assert migrated == written


FILLED = {
    1: """
        INSERT INTO client_key (key_id, public_key, name, max_sensitivity, enrolled_at, revoked_at)
        VALUES ('a', decode(repeat('11', 32), 'hex'), 'alice', 'S1', now(), NULL),
               ('b', decode(repeat('22', 32), 'hex'), 'bob', 'S2', now(), now());
        INSERT INTO batch SELECT gen_random_uuid(), 'a', decode(repeat('33', 32), 'hex'), NULL,
               'body', '{}', 1, now(), now(), 'p', '1';
        INSERT INTO event SELECT batch_id, 0, received_at, received_at, 'benchmark', 'm', 'S0',
               's', NULL, '{}' FROM batch;
        INSERT INTO rejection (rejected_at, key_id, problem, violations, content_sha256,
               coded_bytes) VALUES (now(), 'a', 'p', '[]', decode(repeat('33', 32), 'hex'), 1);
        INSERT INTO admin_log (action, subject, detail) VALUES ('keys.add', 'a', '{}');
    """,
    2: """
        INSERT INTO client_key (key_id, public_key, name, enrolled_at, families, replaces)
        VALUES ('c', decode(repeat('44', 32), 'hex'), 'alice', now(), '{benchmark}', 'a');
        INSERT INTO enrolment_code (code_sha256, name, max_sensitivity, made_at, expires_at)
        VALUES (decode(repeat('55', 32), 'hex'), 'carol', 'S1', now(), now());
    """,
    3: """
        UPDATE batch SET coded_body = NULL, signed_request = NULL, body_removed_at = now();
    """,
    4: "UPDATE anonymity SET k_keys = 21;",
    5: """
        INSERT INTO duplicate_tally VALUES ('2026-11-22', 'a', 1, 1);
    """,
    6: """
        INSERT INTO enrolment_code (code_sha256, name, max_sensitivity, made_at, expires_at,
               needs_approval)
        VALUES (decode(repeat('66', 32), 'hex'), 'dave', 'S1', now(), now(), true);
    """,
    7: """
        INSERT INTO console_token (token_id, secret_sha256, name, role, made_at, expires_at)
        VALUES (repeat('0', 16), decode(repeat('77', 32), 'hex'), 'ada', 'admin', now(), now());
        INSERT INTO console_session (session_sha256, token_id, began_at, used_at)
        VALUES (decode(repeat('88', 32), 'hex'), repeat('0', 16), now(), now());
    """,
}
COUNTS = """
    SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM event),
           (SELECT count(*) FROM rejection), (SELECT count(*) FROM admin_log),
           (SELECT array_agg(key_id || ' ' || name || ' ' || max_sensitivity ||
                   CASE WHEN revoked_at IS NULL THEN '' ELSE ' revoked' END ORDER BY key_id)
            FROM client_key) WHERE $1
"""


async def migrate_and_fill(dsn: str, version: int) -> None:
    """Bring a database to an earlier version, with rows from every version up to it."""
    async with connected_pool(dsn) as pool, pool.acquire() as connection:
        await connection.execute(QUERIES["create_schema_migration"])
        for migration in load_migrations()[:version]:
            await connection.execute(migration.text)
            await connection.execute(QUERIES["record_migration"], *migration[:3])
            await connection.execute(FILLED[migration.version])


@pytest.mark.parametrize("version", range(1, len(load_migrations())))
async def test_every_earlier_version_with_rows_migrates_and_loses_nothing(
    database_url: str, empty_database_url: str, version: int
) -> None:
    await migrate_and_fill(empty_database_url, version)
    assert await migrate(empty_database_url) == [
        f"{m.version:04}_{m.name}" for m in load_migrations()[version:]
    ]
    keys = ["a alice S1", "b bob S2 revoked", *(["c alice S1"] if version > 1 else [])]
    assert [tuple(row) for row in await run(empty_database_url, COUNTS, True)] == [
        (1, 1, 1, 1, keys)
    ]
    assert await catalogue(empty_database_url) == await catalogue(database_url)
    shown = "SELECT key_id, family FROM all_events WHERE $1"
    assert [tuple(row) for row in await run(empty_database_url, shown, True)] == [
        ("a", "benchmark")
    ]


async def test_keys_of_the_first_version_keep_their_rights(empty_database_url: str) -> None:
    await migrate_and_fill(empty_database_url, 1)
    await migrate(empty_database_url)
    rights = "SELECT DISTINCT families, not_before, not_after, replaces FROM client_key WHERE $1"
    assert [tuple(row) for row in await run(empty_database_url, rights, True)] == [
        (None, None, None, None)
    ]


async def test_keys_from_before_there_was_approval_are_approved_since_they_are_enrolled(
    empty_database_url: str,
) -> None:
    await migrate_and_fill(empty_database_url, 4)
    await migrate(empty_database_url)
    approved = "SELECT key_id, approved_at = enrolled_at FROM client_key WHERE $1 ORDER BY key_id"
    assert [tuple(row) for row in await run(empty_database_url, approved, True)] == [
        ("a", True),
        ("b", True),
        ("c", True),
    ]
    codes = "SELECT needs_approval FROM enrolment_code WHERE $1"
    assert [tuple(row) for row in await run(empty_database_url, codes, True)] == [(False,)]


async def test_a_second_migration_changes_nothing(empty_database_url: str) -> None:
    first = await migrate(empty_database_url)
    before = await catalogue(empty_database_url)
    assert first == [f"{m.version:04}_{m.name}" for m in load_migrations()]
    assert await migrate(empty_database_url) == []
    assert await catalogue(empty_database_url) == before


async def test_two_at_once_do_it_once(empty_database_url: str) -> None:
    results = await asyncio.gather(*(migrate(empty_database_url) for _ in range(4)))
    assert sorted(map(len, results)) == [0, 0, 0, len(load_migrations())]


async def test_what_is_pending_is_named(empty_database_url: str) -> None:
    async with connected_pool(empty_database_url) as pool, pool.acquire() as connection:
        assert (await pending_migrations(connection))[0] == "0001_first_tables"
        await migrate(empty_database_url)
        assert await pending_migrations(connection) == []


async def test_an_edited_migration_is_refused(database_url: str) -> None:
    await run(database_url, "UPDATE schema_migration SET sha256 = '\\x00' WHERE version = 1")
    with pytest.raises(MigrationError, match="made by another program"):
        await migrate(database_url)


async def test_a_newer_database_is_refused(database_url: str) -> None:
    await run(database_url, "INSERT INTO schema_migration VALUES (9999, 'future', '\\x00')")
    with pytest.raises(MigrationError, match="upgrade vox-telemetry"):
        await migrate(database_url)


async def test_a_failed_migration_leaves_nothing(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = load_migrations()
    broken = good[0]._replace(text=good[0].text + "; SELECT 1 / 0;")
    monkeypatch.setattr("vox_telemetry_sink.database.load_migrations", lambda: [broken])
    with pytest.raises(StoreError, match="SQLSTATE 22012"):
        await migrate(empty_database_url)
    assert [row[1] for row in await catalogue(empty_database_url) if row[1] == "batch"] == []


async def test_partitions_are_made_ahead_and_empty_the_default_one(database_url: str) -> None:
    month = datetime(2031, 5, 17, 12, tzinfo=UTC)
    await run(
        database_url,
        "INSERT INTO event SELECT gen_random_uuid(), 0, $1::timestamptz, $1, 'f', 'm', 'S0', 's',"
        " NULL, '{}' RETURNING 1",
        month,
    )
    where = "SELECT tableoid::regclass::text FROM event WHERE event_index = $1"
    assert [tuple(row) for row in await run(database_url, where, 0)] == [("event_default",)]
    made = await run(database_url, "SELECT ensure_event_partitions($1, 2)", month.date())
    assert made[0][0] == 2
    assert [tuple(row) for row in await run(database_url, where, 0)] == [("event_2031_05",)]


async def test_rows_of_any_month_leave_the_default_partition(database_url: str) -> None:
    for month in (3, 5):
        await run(
            database_url,
            "INSERT INTO event SELECT gen_random_uuid(), 0, $1::timestamptz, $1, 'f', 'm', 'S0',"
            " 's', NULL, '{}' RETURNING 1",
            datetime(2031, month, 17, 12, tzinfo=UTC),
        )
    async with connected_pool(database_url) as pool, pool.acquire() as connection:
        assert await make_partitions(connection, date(2031, 8, 31)) == 6
        assert await make_partitions(connection, date(2031, 8, 31)) == 0
    where = "SELECT tableoid::regclass::text FROM event WHERE event_index = $1 ORDER BY 1"
    assert [tuple(row) for row in await run(database_url, where, 0)] == [
        ("event_2031_03",),
        ("event_2031_05",),
    ]


async def test_this_month_and_the_next_three_have_partitions(database_url: str) -> None:
    rows = await run(
        database_url,
        "SELECT count(*) FROM pg_inherits WHERE inhparent = $1::text::regclass",
        "event",
    )
    assert rows[0][0] == 5


@pytest.mark.parametrize(
    ("raised", "expected", "message"),
    [
        (asyncpg.TooManyConnectionsError("x"), StoreUnavailableError, "SQLSTATE 53300"),
        (asyncpg.DiskFullError("x"), StoreUnavailableError, "SQLSTATE 53100"),
        (asyncpg.DeadlockDetectedError("x"), StoreUnavailableError, "SQLSTATE 40P01"),
        (asyncpg.QueryCanceledError("x"), StoreUnavailableError, "SQLSTATE 57014"),
        (asyncpg.ReadOnlySQLTransactionError("x"), StoreUnavailableError, "SQLSTATE 25006"),
        (asyncpg.InvalidPasswordError("x"), StoreUnavailableError, "SQLSTATE 28P01"),
        (asyncpg.LockNotAvailableError("x"), StoreUnavailableError, "SQLSTATE 55P03"),
        (ConnectionRefusedError("x"), StoreUnavailableError, "ConnectionRefusedError"),
        (TimeoutError("x"), StoreUnavailableError, "TimeoutError"),
        (asyncpg.InterfaceError("x"), StoreUnavailableError, "InterfaceError"),
        (asyncpg.CheckViolationError("x"), StoreError, "SQLSTATE 23514"),
        (asyncpg.ClientConfigurationError("x"), StoreError, "the database URL cannot be used"),
        (ValueError("x"), StoreError, "a value does not fit"),
    ],
)
def test_driver_errors_are_mapped_without_their_text(
    raised: Exception, expected: object, message: str
) -> None:
    raised.args = ("SECRET VALUE",)
    with pytest.raises(StoreError, match=message) as caught, mapped_driver_errors():
        raise raised
    assert type(caught.value) is expected
    assert "SECRET" not in str(caught.value)


async def test_an_unreachable_database_is_said_to_be() -> None:
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        await migrate("postgresql://nobody@127.0.0.1:1/x")


@pytest.mark.parametrize("major", [9, 14])
def test_a_server_that_is_too_old_is_named(major: int) -> None:
    with pytest.raises(MigrationError, match=f"is Postgres {major}, expected 15 or newer"):
        check_version(major)


@pytest.mark.parametrize("major", [15, 18])
def test_a_server_that_is_new_enough_is_not(major: int) -> None:
    check_version(major)
