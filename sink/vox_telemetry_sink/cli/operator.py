"""What the commands of an operator share: a connection to an up-to-date database, times, output."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import typer

from vox_telemetry_sink.cli.settings import running_database, settings
from vox_telemetry_sink.config import DATA_DIR, DATABASE_URL, Config
from vox_telemetry_sink.database import (
    Connection,
    Pool,
    connected_pool,
    operator_connection,
    pending_migrations,
)
from vox_telemetry_sink.errors import SinkError
from vox_telemetry_sink.store import Store
from vox_telemetry_spec.times import parse_time

T = TypeVar("T")


def on_database(
    database_url: str | None, data_dir: Path | None, act: Callable[[Connection], Awaitable[T]]
) -> T:
    """Run `act` on a connection to the configured database.

    Raises:
        SinkError: its schema is not up to date, or what `act` raises.

    """
    config = Config.from_env(settings({DATABASE_URL: database_url, DATA_DIR: data_dir}))

    async def acted(dsn: str) -> T:
        async with operator_connection(dsn) as connection:
            refuse_pending(await pending_migrations(connection))
            return await act(connection)

    with running_database(config) as dsn:
        return asyncio.run(acted(dsn))


def on_pool(
    database_url: str | None, data_dir: Path | None, act: Callable[[Pool], Awaitable[T]]
) -> T:
    """Run `act` on a pool as a sink has it, with its time limits, of the configured database.

    Raises:
        SinkError: its schema is not up to date, or what `act` raises.

    """
    config = Config.from_env(settings({DATABASE_URL: database_url, DATA_DIR: data_dir}))

    async def acted(dsn: str) -> T:
        async with connected_pool(dsn) as pool:
            refuse_pending(await Store(pool).pending_migrations())
            return await act(pool)

    with running_database(config) as dsn:
        return asyncio.run(acted(dsn))


def refuse_pending(migrations: list[str]) -> None:
    """Refuse a database that lacks some.

    Raises:
        SinkError: it does.

    """
    if migrations:
        raise SinkError(f"{len(migrations)} migrations are pending: run vox-telemetry-sink migrate")


def moment(text: str, option: str) -> datetime:
    """Return the time that an option names: RFC 3339 in UTC with Z, or a day, which begins then.

    Raises:
        typer.BadParameter: neither.

    """
    found = parse_time(text)
    if found is not None:
        return found
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            "got no time in UTC, expected one as 2026-11-01 or 2026-11-01T00:00:00Z",
            param_hint=option,
        ) from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
