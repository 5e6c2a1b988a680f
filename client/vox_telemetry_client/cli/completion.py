"""`vox-telemetry completion`: the script by which a shell completes our commands and ids.

What is completed comes from the program's own commands and from two folders of this user: neither
the network nor the keyring is asked, and a trouble completes nothing.
"""

from enum import StrEnum
from typing import Annotated

import typer
from typer.completion import (  # type: ignore[attr-defined]  # typer's own, not listed there
    completion_init,
    get_completion_script,
)

from vox_telemetry_client import key_list
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.errors import TelemetryError
from vox_telemetry_client.folder import Folder, batch_ids
from vox_telemetry_client.settings import settings

PROGRAM = "vox-telemetry"
_VARIABLE = "_VOX_TELEMETRY_COMPLETE"  # by which the script asks; typer gives it this name


class Shell(StrEnum):
    """The shells that there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"
    PWSH = "pwsh"


def completion(
    shell: Annotated[Shell, typer.Argument(help="Whose script.")], *, as_json: AsJson = False
) -> None:
    """Print a shell's completion script; put it where that shell reads such scripts."""
    script = get_completion_script(prog_name=PROGRAM, complete_var=_VARIABLE, shell=shell)
    if as_json:
        output.document({"shell": shell, "script": script})
    else:
        output.line(script)


def answer_shells() -> None:
    """Make the program answer what the scripts ask it."""
    completion_init()


def batches(incomplete: str) -> list[str]:
    """Return the ids of the batches, pending or set aside, that begin so."""
    try:
        folder = Folder(settings().spool)
        folder.check()
        found = sorted([*batch_ids(folder.pending), *batch_ids(folder.rejected)])
    except (TelemetryError, OSError):
        return []
    return [one for one in found if one.startswith(incomplete)]


def keys(incomplete: str) -> list[str]:
    """Return the ids of the keys that begin so."""
    try:
        found = key_list.read().keys
    except TelemetryError:
        return []
    return [key.key_id for key in found if key.key_id.startswith(incomplete)]
