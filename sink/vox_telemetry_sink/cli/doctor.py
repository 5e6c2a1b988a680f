"""`vox-telemetry-sink doctor`: whether everything is in place.

It changes nothing; an embedded database that does not run is started for the look.
"""

import asyncio
from collections.abc import Iterator

import msgspec
import typer

from vox_telemetry_sink.cli.settings import (
    AsJson,
    DatabaseUrl,
    DataDir,
    opened_store,
    running_database,
    settings,
    sources,
)
from vox_telemetry_sink.config import CONFIG_FILE, DATA_DIR, DATABASE_URL, Config
from vox_telemetry_sink.doctor import (
    Finding,
    State,
    look_at_database,
    look_at_disk,
    look_at_settings,
    not_made_yet,
)
from vox_telemetry_sink.errors import ConfigError, SinkError


def doctor(
    database_url: DatabaseUrl = None, data_dir: DataDir = None, *, as_json: AsJson = False
) -> None:
    """Look at settings, database, partitions, disk, keys and clocks; exit 1 if one is wrong."""
    found = list(_examine({DATABASE_URL: database_url, DATA_DIR: data_dir}))
    healthy = all(one.state is not State.FAIL for one in found)
    if as_json:
        typer.echo(msgspec.json.encode({"healthy": healthy, "checks": found}))
    else:
        for one in found:
            typer.echo(f"{one.state:5} {one.id}  {one.name}: {one.found}")
            if one.advice:
                typer.echo(f"{'':16} → {one.advice}")
    if not healthy:
        raise typer.Exit(1)


def _examine(flags: dict[str, object]) -> Iterator[Finding]:
    try:
        values = settings(flags)
        config, where_from = Config.from_env(values), sources(flags)
    except ConfigError as exc:
        yield Finding("sink.D001", "config", State.FAIL, str(exc), "correct it; see config show")
        return
    yield from look_at_settings(config, where_from, values.get(CONFIG_FILE))
    yield look_at_disk(config)
    missing = not_made_yet(config)
    if missing is not None:
        yield missing
        return
    try:
        with running_database(config) as dsn:
            yield from asyncio.run(_look(dsn))
    except SinkError as exc:
        yield Finding("sink.D006", "database", State.FAIL, str(exc), "see the message")


async def _look(dsn: str) -> list[Finding]:
    async with opened_store(dsn) as store:
        return await look_at_database(store)
