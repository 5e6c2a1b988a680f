"""What every command starts with: the settings, the clock, the spool."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from vox_telemetry_client.config import Config, from_env
from vox_telemetry_client.errors import (
    SpoolError,
    os_words,
)
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.switches import off_reason

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def now() -> datetime:
    """Return this machine's time."""
    return datetime.now(UTC)


def settings() -> Config:
    """Read the environment and the current folder.

    Raises:
        NotConfiguredError: a setting that cannot be understood.
        SpoolError: the current folder is gone.

    """
    try:
        return from_env(os.environ, Path.cwd())
    except FileNotFoundError as exc:
        raise SpoolError("the current folder does not exist any more, go to another") from exc


def may_send() -> str | None:
    """Return why nothing may be sent now, or None; asked anew before every request."""
    return off_reason(os.environ)


def spool(config: Config) -> Spool:
    """Return the spool, made where it was missing."""
    folder = Folder(config.spool)
    folder.create()
    return Spool(folder, now=now)


def spool_to_read(config: Config) -> Spool:
    """Return the spool to look at; nothing is made or changed."""
    folder = Folder(config.spool)
    folder.check()
    return Spool(folder, now=now)


@contextmanager
def naming_the_spool(config: Config) -> Iterator[None]:
    """Turn what the disk says about reading the spool into one line.

    Raises:
        SpoolError: instead of an OSError.

    """
    try:
        yield
    except OSError as exc:
        raise SpoolError(f"the spool {config.spool} cannot be read: {os_words(exc)}") from exc
