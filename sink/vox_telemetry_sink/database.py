"""The door to Postgres: connections with their time limits, driver errors, and migrations."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime
from typing import TypeAlias

import asyncpg

from vox_telemetry_sink.errors import MigrationError, StoreError, StoreUnavailableError
from vox_telemetry_sink.metrics import counted
from vox_telemetry_sink.sql import Migration, load_migrations, load_queries
from vox_telemetry_spec.limits import (
    OPERATOR_LOCK_DEADLINE_MS,
    STORE_CONNECT_DEADLINE_S,
    STORE_LOCK_DEADLINE_MS,
    STORE_POOL_MAX_CONNECTIONS,
    STORE_STATEMENT_DEADLINE_MS,
    STORE_STATEMENT_DEADLINE_S,
)

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)

QUERIES = load_queries()
PARTITIONS_MADE_AHEAD_MONTHS = 4
POSTGRES_MIN_MAJOR = 15  # the oldest that the tests run on

_SERVER_SETTINGS = {
    "application_name": "vox-telemetry-sink",
    "timezone": "UTC",
    "statement_timeout": str(STORE_STATEMENT_DEADLINE_MS),
    "lock_timeout": str(STORE_LOCK_DEADLINE_MS),
    "idle_in_transaction_session_timeout": str(STORE_STATEMENT_DEADLINE_MS),
}
# SQLSTATE classes (PostgreSQL, appendix A) after which the same statement may work later:
# connection, authorisation, transaction rollback, resources, operator intervention, system error;
# 25006 is a standby during a failover, 3D000 a database being restored, 55P03 a lock not had.
_PASSING_CLASSES = ("08", "28", "40", "53", "57", "58")
_PASSING_STATES = ("25006", "3D000", "55P03")


@contextmanager
def mapped_driver_errors() -> Iterator[None]:
    """Turn whatever asyncpg raises inside the block into errors of our own tree.

    The message names the error's kind only: Postgres repeats values in its own.

    Raises:
        StoreUnavailableError: no answer, or a refusal that passes.
        StoreError: any other refusal.

    """
    try:
        yield
    except asyncpg.PostgresError as exc:
        state = str(exc.sqlstate)
        said = f"{type(exc).__name__} (SQLSTATE {state})"
        if state.startswith(_PASSING_CLASSES) or state in _PASSING_STATES:
            raise counted(
                StoreUnavailableError(f"the database cannot take this now: {said}")
            ) from exc
        raise counted(StoreError(f"the database refused a statement: {said}")) from exc
    except asyncpg.ClientConfigurationError as exc:
        raise counted(StoreError(f"the database URL cannot be used: {type(exc).__name__}")) from exc
    except (ValueError, TypeError, OverflowError) as exc:  # asyncpg cannot encode an argument
        raise counted(StoreError(f"a value does not fit its column: {type(exc).__name__}")) from exc
    except (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError, EOFError) as exc:
        raise counted(
            StoreUnavailableError(f"the database does not answer: {type(exc).__name__}")
        ) from exc


@asynccontextmanager
async def connected_pool(dsn: str) -> AsyncIterator[Pool]:
    """Hold a pool for the length of a block; it connects when it must and again after an outage."""
    pool = await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=STORE_POOL_MAX_CONNECTIONS,
        timeout=STORE_CONNECT_DEADLINE_S,
        command_timeout=STORE_STATEMENT_DEADLINE_S,
        server_settings=_SERVER_SETTINGS,
        init=_read_and_write_json_as_bytes,
        reset=_leave_as_it_is,
    )
    try:
        yield pool
    finally:
        pool.terminate()  # every accepted request has its answer by now; nothing is left to say


async def migrate(dsn: str) -> list[str]:
    """Bring the schema up to date, make partitions ahead; return the migrations applied now.

    Several sinks may do this at once: an advisory lock lets one do the work and the others see it.

    Raises:
        MigrationError: the database's migrations are not a beginning of ours.
        StoreError: the database refused.
        StoreUnavailableError: it does not answer.

    """
    async with migrating_connection(dsn) as connection:
        with mapped_driver_errors():
            await connection.execute(QUERIES["create_schema_migration"])
            pending = await _pending(connection)
            for migration in pending:
                await _apply(connection, migration)
            await make_partitions(connection, datetime.now(UTC).date())
            await connection.execute(QUERIES["grant_views"])
    return [_title(migration) for migration in pending]


@asynccontextmanager
async def migrating_connection(dsn: str) -> AsyncIterator[Connection]:
    """Hold one connection without time limits, and the lock that lets one migrate at a time.

    Without them, since a migration of a large table may take long, and may wait for one.

    Raises:
        MigrationError: the server is too old.
        StoreError: the database URL cannot be used.
        StoreUnavailableError: it does not answer.

    """
    with mapped_driver_errors():
        connection = await asyncpg.connect(
            dsn, timeout=STORE_CONNECT_DEADLINE_S, server_settings={"timezone": "UTC"}
        )
    try:
        check_version(connection.get_server_version().major)
        with mapped_driver_errors():
            await connection.execute(QUERIES["lock_migrations"])
        yield connection
    finally:
        with mapped_driver_errors():
            await connection.close(timeout=STORE_CONNECT_DEADLINE_S)


@asynccontextmanager
async def operator_connection(dsn: str) -> AsyncIterator[Connection]:
    """Hold one connection for an operator's long work beside a sink that writes.

    A statement may take as long as it takes, but waits for a lock no longer than the sink bears:
    whoever waits for an exclusive lock keeps everybody behind it waiting.

    Raises:
        StoreError: the database URL cannot be used.
        StoreUnavailableError: it does not answer.

    """
    with mapped_driver_errors():
        connection = await asyncpg.connect(
            dsn,
            timeout=STORE_CONNECT_DEADLINE_S,
            server_settings={
                "application_name": "vox-telemetry-sink",
                "timezone": "UTC",
                "lock_timeout": str(OPERATOR_LOCK_DEADLINE_MS),
            },
        )
        await _read_and_write_json_as_bytes(connection)
    try:
        yield connection
    finally:
        connection.terminate()  # what the block did is committed or not; nothing is left to say


async def make_partitions(connection: Connection, today: date) -> int:
    """Make the partitions of this month and the next ones; return how many were missing.

    A month that has rows in the default partition gets its own as well, whenever it was.
    """
    async with connection.transaction():
        await connection.execute(QUERIES["lock_partitions"])
        left = [row[0] for row in await connection.fetch(QUERIES["months_in_default"])]
        months = [(today.replace(day=1), PARTITIONS_MADE_AHEAD_MONTHS), *((day, 1) for day in left)]
        return sum(
            [
                await connection.fetchval(QUERIES["ensure_event_partitions"], first, count)
                for first, count in months
            ]
        )


async def pending_migrations(connection: Connection) -> list[str]:
    """Return the migrations that this version needs and the database lacks.

    Raises:
        MigrationError: the database's migrations are not a beginning of ours, or it is too old.
        StoreUnavailableError: it does not answer.

    """
    check_version(connection.get_server_version().major)
    with mapped_driver_errors():
        exists = await connection.fetchval(QUERIES["schema_migration_exists"])
        migrations = await _pending(connection) if exists else load_migrations()
    return [_title(migration) for migration in migrations]


def check_version(major: int) -> None:
    """Compare the server's major version with the oldest that the schema is tested on.

    Raises:
        MigrationError: an older one.

    """
    if major < POSTGRES_MIN_MAJOR:
        raise MigrationError(
            f"the database is Postgres {major}, expected {POSTGRES_MIN_MAJOR} or newer"
        )


async def _pending(connection: Connection) -> tuple[Migration, ...]:
    ours = load_migrations()
    applied = await connection.fetch(QUERIES["applied_migrations"])
    if len(applied) > len(ours):
        raise MigrationError(
            f"the database has {len(applied)} migrations and this version knows {len(ours)}: "
            "upgrade vox-telemetry"
        )
    for row, migration in zip(applied, ours, strict=False):
        if tuple(row) != migration[:3]:
            raise MigrationError(
                f"the database has migration {row['version']:04}_{row['name']}, expected "
                f"{_title(migration)} with the same content: it was made by another program"
            )
    return ours[len(applied) :]


async def _apply(connection: Connection, migration: Migration) -> None:
    async with connection.transaction():
        for statement in migration.statements():
            await connection.execute(statement)
        await connection.execute(QUERIES["record_migration"], *migration[:3])


def _title(migration: Migration) -> str:
    return f"{migration.version:04}_{migration.name}"


async def _leave_as_it_is(_connection: Connection) -> None:
    """Spare the round trip in which a pool would undo what a session changed.

    Nothing that runs on the pool changes its session; a transaction that was left open is rolled
    back by the driver before this is asked.
    """


async def _read_and_write_json_as_bytes(connection: Connection) -> None:
    """Let jsonb travel as the bytes msgspec makes; the binary form has a version byte in front."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda document: b"\x01" + document,
        decoder=lambda raw: raw[1:],
    )
