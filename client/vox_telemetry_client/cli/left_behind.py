"""What `vox-telemetry status` says of files that need a person's eye."""

from vox_telemetry_client.cli import output
from vox_telemetry_client.counting import counted
from vox_telemetry_client.left_behind import LeftBehind
from vox_telemetry_client.some import Some


def left_facts(left: LeftBehind) -> dict[str, object]:
    """Return the members of the `--json` document; the lists hold the first few names."""
    return {
        "set_aside": left.set_aside,
        "foreign_set_aside": left.foreign,
        "leftovers": left.leftovers,
    }


def tell_left(left: LeftBehind) -> None:
    """Print one line for each kind, and the first few files."""
    if left.set_aside.count:
        output.note(f"{left.set_aside.count} set aside: `vox-telemetry rejected list` says why")
    if left.foreign.count:
        folders = counted(
            left.foreign.count, "folder in foreign/ holds", "folders in foreign/ hold"
        )
        output.note(f"{folders} files that were no batches")
    _tell(left.leftovers)


def _tell(some: Some) -> None:
    if not some.count:
        return
    leftovers = counted(some.count, "leftover", "leftovers")
    output.note(f"{leftovers}: `vox-telemetry prune spool plan` names them")
    for text in some.first:
        output.note(f"  {text}")
