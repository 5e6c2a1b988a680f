"""Where each table lies on a Citus cluster, and bringing it there: `migrate --citus`.

What is large is distributed; what is small and joined with it is on every node (a reference table).
docs/decisions/0014-citus.md says why each.
"""

from typing import Final

from vox_telemetry_sink.database import (
    QUERIES,
    Connection,
    mapped_driver_errors,
    migrating_connection,
)
from vox_telemetry_sink.errors import MigrationError
from vox_telemetry_sink.sql import load_citus

# The table, the column whose hash says where a row lies, and with which table it lies together. The
# partitions of `event` follow it.
DISTRIBUTED: Final = (
    ("batch", "batch_id", "none"),
    ("event", "batch_id", "batch"),
    ("rejection", "content_sha256", "none"),
    ("duplicate_tally", "key_id", "none"),
)
REFERENCE: Final = ("client_key", "enrolment_code", "anonymity", "admin_log")
# On the coordinator alone: sinks and operators connect there.
LOCAL: Final = ("schema_migration", "console_token", "console_session")
CITUS_MIN_MAJOR: Final = 13  # the oldest that this was tried on


async def distribute(dsn: str, *, asked: bool) -> list[str]:
    """Spread a migrated database over its cluster; return the tables that were spread now.

    Rows that are there already move to their nodes; all of it is one transaction, and writers wait
    for it. Not `asked`, it does nothing to a database that is not spread, and to one that is, what
    a newer version needs.

    Raises:
        MigrationError: Citus is not there, is too old, or the tables were spread in another way.
        StoreError: the database refused.
        StoreUnavailableError: it does not answer.

    """
    async with migrating_connection(dsn) as connection:
        with mapped_driver_errors():
            if not asked and not await is_distributed(connection):
                return []
            await _check_extension(connection)
            async with connection.transaction():
                await connection.execute(QUERIES["one_by_one"])
                spread = await _spread(connection)
                await connection.execute(load_citus())
    return spread


async def is_distributed(connection: Connection) -> bool:
    """Return whether the tables lie on a Citus cluster."""
    return await connection.fetchval(QUERIES["citus_version"]) is not None and bool(
        await _places(connection)
    )


async def _check_extension(connection: Connection) -> None:
    version = await connection.fetchval(QUERIES["citus_version"])
    if version is None and not await connection.fetchval(QUERIES["citus_is_installed"]):
        raise MigrationError(
            "this server has no Citus, expected its package and shared_preload_libraries = 'citus' "
            "on every node: install it there, or migrate without --citus"
        )
    if version is None:
        raise MigrationError(
            "this database has no extension citus, expected one: let a superuser run "
            "CREATE EXTENSION citus in it on every node, and citus_add_node for each worker on the "
            "coordinator"
        )
    if int(version.partition(".")[0]) < CITUS_MIN_MAJOR:
        raise MigrationError(
            f"the database has Citus {version}, expected {CITUS_MIN_MAJOR} or newer"
        )


async def _spread(connection: Connection) -> list[str]:
    places, spread = await _places(connection), []
    wanted = {name: column for name, column, _ in DISTRIBUTED} | dict.fromkeys(REFERENCE)
    for name, column in places.items():
        if column != wanted[name]:
            raise MigrationError(
                f"table {name} is distributed by {column}, expected {wanted[name]}: "
                "undistribute it first"
            )
    for name in REFERENCE:
        if name not in places:
            await connection.execute(QUERIES["make_reference_table"], name)
            spread.append(name)
    for name, column, beside in DISTRIBUTED:
        if name not in places:
            await connection.execute(QUERIES["distribute_table"], name, column, beside)
            spread.append(name)
    for name in spread:
        await connection.execute(QUERIES["drop_local_rows"], name)
    return spread


async def _places(connection: Connection) -> dict[str, str | None]:
    """Return the tables that are spread, each with its column; None of a reference table."""
    names = [*REFERENCE, *(name for name, _, _ in DISTRIBUTED)]
    rows = await connection.fetch(QUERIES["citus_places"], names)
    return {row["table_name"]: row["column_name"] for row in rows}
