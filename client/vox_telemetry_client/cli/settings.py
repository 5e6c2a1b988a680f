"""What every command starts with; the rooms below the command line share all but the option."""

from typing import Annotated

import typer

from vox_telemetry_client.settings import (
    all_off,
    facts,
    may_send,
    naming_the_spool,
    now,
    sending,
    settings,
    spool,
    spool_to_read,
    target_of,
)

__all__ = [
    "AsJson",
    "all_off",
    "facts",
    "may_send",
    "naming_the_spool",
    "now",
    "sending",
    "settings",
    "spool",
    "spool_to_read",
    "target_of",
]

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
