"""`vox-telemetry-sink migrate`: bring the database's schema up to date."""

import asyncio
from typing import Annotated

import msgspec
import typer

from vox_telemetry_sink import database
from vox_telemetry_sink.citus import distribute
from vox_telemetry_sink.cli.settings import (
    AsJson,
    DatabaseUrl,
    DataDir,
    running_database,
    settings,
)
from vox_telemetry_sink.config import DATA_DIR, DATABASE_URL, Config

OnCitus = Annotated[
    bool,
    typer.Option(
        "--citus",
        help="Then spread the tables over the Citus cluster whose coordinator the URL names; rows "
        "that are there move, and writers wait meanwhile. Once spread, every migrate keeps it so.",
    ),
]


def migrate(
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    *,
    citus: OnCitus = False,
    as_json: AsJson = False,
) -> None:
    """Apply the pending migrations and make partitions ahead. Safe to repeat and at once."""
    config = Config.from_env(settings({DATABASE_URL: database_url, DATA_DIR: data_dir}))
    with running_database(config) as dsn:
        applied, spread = asyncio.run(_migrated(dsn, citus=citus))
    if as_json:
        typer.echo(
            msgspec.json.encode({"applied": applied} | ({"spread": spread} if citus else {}))
        )
    else:
        done = [*(f"applied {name}" for name in applied), *(f"spread {name}" for name in spread)]
        typer.echo("\n".join(done) or "nothing to apply")


async def _migrated(dsn: str, *, citus: bool) -> tuple[list[str], list[str]]:
    return await database.migrate(dsn), await distribute(dsn, asked=citus)
