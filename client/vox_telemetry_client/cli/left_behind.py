"""What `vox-telemetry status` says of files that need a person's eye."""

from vox_telemetry_client.cli import output
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
        output.note(f"{left.foreign.count} folders in foreign/ hold files that were no batches")
    _tell(left.leftovers, "leftovers: `vox-telemetry prune spool plan` names them")


def _tell(some: Some, what: str) -> None:
    if not some.count:
        return
    output.note(f"{some.count} {what}")
    for text in some.first:
        output.note(f"  {text}")
