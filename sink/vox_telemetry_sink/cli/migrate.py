"""`vox-telemetry-sink migrate`: bring the database's schema up to date."""

import asyncio

import msgspec
import typer

from vox_telemetry_sink import database
from vox_telemetry_sink.cli.settings import (
    AsJson,
    DatabaseUrl,
    DataDir,
    running_database,
    settings,
)
from vox_telemetry_sink.config import DATA_DIR, DATABASE_URL, Config


def migrate(
    database_url: DatabaseUrl = None, data_dir: DataDir = None, *, as_json: AsJson = False
) -> None:
    """Apply the pending migrations and make partitions ahead. Safe to repeat and at once."""
    config = Config.from_env(settings({DATABASE_URL: database_url, DATA_DIR: data_dir}))
    with running_database(config) as dsn:
        applied = asyncio.run(database.migrate(dsn))
    if as_json:
        typer.echo(msgspec.json.encode({"applied": applied}))
    else:
        typer.echo("\n".join(f"applied {name}" for name in applied) or "nothing to apply")
