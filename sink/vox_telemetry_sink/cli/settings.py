"""Flags over environment over defaults, and the database that the result names."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from vox_telemetry_sink.config import (
    CONFIG_FILE,
    DATA_DIR,
    DATABASE_URL,
    SECRET_FILES,
    Config,
)
from vox_telemetry_sink.config_file import read_config_file
from vox_telemetry_sink.database import connected_pool
from vox_telemetry_sink.errors import ConfigError, os_words
from vox_telemetry_sink.store import Store

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        help="A Postgres 15 or newer, postgresql://…; without it an embedded one is used. "
        f"Environment: {DATABASE_URL} (keeps a password out of the process list)."
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(help=f"Where the embedded Postgres keeps its data. Environment: {DATA_DIR}."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def use_config_file(path: Path) -> None:
    """Read this file in every command and worker of this run: --config stands for its variable."""
    os.environ[CONFIG_FILE] = str(path)


def settings(flags: Mapping[str, object]) -> dict[str, str]:
    """Return what was set, by the variables' names: flags over environment over the file.

    Raises:
        ConfigError: the file cannot be used.

    """
    return {name: value for name, (value, _) in _layered(flags).items()}


def sources(flags: Mapping[str, object]) -> dict[str, str]:
    """Return where each setting that was set comes from: flag, environment or file.

    Raises:
        ConfigError: the file cannot be used.

    """
    return {name: source for name, (_, source) in _layered(flags).items()}


def _layered(flags: Mapping[str, object]) -> dict[str, tuple[str, str]]:
    """Return values and sources; a secret beats, as the file of one does, either form below."""
    layers = {"file": _from_file(), "environment": os.environ, "flag": _given(flags)}
    found: dict[str, tuple[str, str]] = {}
    for source, layer in layers.items():
        for secret, file in SECRET_FILES.items():
            if secret in layer or file in layer:
                found.pop(secret, None)
                found.pop(file, None)
        found.update({name: (value, source) for name, value in layer.items()})
    return found


def _given(flags: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in flags.items() if value is not None}


def _from_file() -> dict[str, str]:
    path = os.environ.get(CONFIG_FILE)
    return {} if path is None else read_config_file(Path(path))


@contextmanager
def running_database(config: Config, *, supervised: bool = False) -> Iterator[str]:
    """Yield the DSN of the configured database; the embedded one runs for the block.

    When it is `supervised`, an embedded one that ends is started again.

    Raises:
        ConfigError: the embedded one does not exist for this system, or its folder cannot be made.
        EmbeddedPostgresError: the embedded one is needed and cannot run.

    """
    if config.database_url is not None:
        yield config.database_url
        return
    # Imported only when it is wanted: it is another extra and refuses to load on Windows.
    try:
        from vox_telemetry_sink.embedded import running_postgres  # noqa: PLC0415 -- as said
    except ImportError as exc:
        raise ConfigError(f"{DATABASE_URL} is not set and {exc}") from exc
    _make(config.data_dir)
    with running_postgres(config.data_dir, supervised=supervised) as dsn:
        yield dsn


def _make(data_dir: Path) -> None:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigError(
            f"{DATA_DIR} is '{data_dir}', which cannot be made: {os_words(exc)}; expected a folder"
        ) from exc


@asynccontextmanager
async def opened_store(dsn: str) -> AsyncIterator[Store]:
    """Hold a store for one command."""
    async with connected_pool(dsn) as pool:
        yield Store(pool)
