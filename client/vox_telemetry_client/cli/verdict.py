"""What a check found, for a document and for a person: places and rules, never a value."""

from collections.abc import Sequence
from typing import Annotated

import typer

from vox_telemetry_client.check import Checked, Refusal
from vox_telemetry_client.cli import output
from vox_telemetry_client.limits import REFUSED_SHOWN_MAX_LINES
from vox_telemetry_client.reading import NotJsonError
from vox_telemetry_client.repair import OnForbidden, Repaired

FILES_HELP = "File, folder or quoted pattern of JSON arrays, objects or JSON Lines; - for stdin."
OnForbiddenOption = Annotated[
    OnForbidden,
    typer.Option(
        "--on-forbidden",
        help="What a forbidden-field rule names: refuse it, leave it out, or send its keyed hash.",
    ),
]
_DONE = {
    Repaired.MEMBER_OMITTED: "left out this member",
    Repaired.EVENT_OMITTED: "left out the event",
    Repaired.HASHED: "hashed",
}


def members(checked: Checked, on_forbidden: OnForbidden, *, with_file: bool) -> dict[str, object]:
    """Return what was repaired, where that was asked for, and what was refused.

    The file is named where there may be more than one.
    """
    shown: dict[str, object] = {}
    if on_forbidden is not OnForbidden.REFUSE:
        shown["omitted"] = checked.omitted
        shown["repaired"] = [
            _row(place, with_file=with_file) | {"action": how} for place, how in checked.repaired
        ]
    shown["refused"] = [_row(refusal, with_file=with_file) for refusal in checked.refused]
    if checked.not_json:
        shown["error"] = {"kind": NotJsonError.kind, "message": str(checked.not_json[0])}
    return shown


def tell(checked: Checked) -> None:
    """Print one line for each place, up to a screenful of those repaired and of those refused."""
    _print([f"{_DONE[how]}: {place}" for place, how in checked.repaired])
    _print([f"refused {refusal}" for refusal in checked.refused])


def _print(lines: Sequence[str]) -> None:
    for line in lines[:REFUSED_SHOWN_MAX_LINES]:
        output.note(line)
    more = len(lines) - REFUSED_SHOWN_MAX_LINES
    if more > 0:
        output.note(f"… and {more} more; --json lists all")


def _row(refusal: Refusal, *, with_file: bool) -> dict[str, object]:
    row: dict[str, object] = {
        "event": refusal.event,
        "pointer": refusal.pointer,
        "rule": refusal.rule,
    }
    return {"file": refusal.file, **row} if with_file else row
