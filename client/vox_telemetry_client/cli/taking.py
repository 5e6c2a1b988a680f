"""What `vox-telemetry enqueue` takes: events of files or of a store's rows, and their repeats.

A row that was enqueued before is left out, so that the same command can be given every day. Of
files repeats are only told: whoever names a file may want it again.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer

from vox_telemetry_client.check import Checked, check_events
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.check import rules_of
from vox_telemetry_client.recording import recording_switch
from vox_telemetry_client.repeats import event_digest, without_repeats
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.store_events import StoreEvents, Wanted
from vox_telemetry_spec.retention import read_time
from vox_telemetry_spec.strict_json import JsonValue


@dataclass
class Taken:
    """What was checked, how much of it was enqueued before, and which rows stay in the store."""

    checked: Checked
    repeated: int
    staying: list[dict[str, object]] | None = None  # None for files

    def members(self) -> dict[str, object]:
        """Return the members that are added to the document."""
        found: dict[str, object] = {"repeated": self.repeated}
        return found if self.staying is None else found | {"staying": self.staying}

    def tell(self) -> None:
        """Print what was left out, and why."""
        for one in self.staying or []:
            output.note(f"left {one['rows']} rows of {one['metric_type']} here: {one['rule']}")
        if self.repeated and self.staying is None:
            output.note(f"{self.repeated} of these events were enqueued before; they count again")
        elif self.repeated:
            output.note(f"left out {self.repeated} rows that were enqueued before")
        if not self.checked.accepted and not self.checked.refused:
            output.note("no new rows to enqueue")


def from_files(checked: Checked, spool: Spool) -> Taken:
    """Take all that was accepted, and count the repeats."""
    _, repeated = _new(checked, spool)
    return Taken(checked, repeated)


def from_rows(path: Path, wanted: Wanted, spool: Spool) -> Taken:
    """Check the rows of a store and leave out what was enqueued before."""
    # Compiling the contract takes longer than the rest of most commands: only these need it.
    from vox_telemetry_spec.checking import Checker  # noqa: PLC0415 -- see above

    rules = rules_of(Checker.load())
    store = StoreEvents(path, wanted, rules, recording_switch())
    checked = Checked()
    check_events(str(path), store.read(), rules, checked)
    checked.accepted, repeated = _new(checked, spool)
    staying: list[dict[str, object]] = [
        {"metric_type": metric_type, "rule": rule, "rows": rows}
        for (metric_type, rule), rows in sorted(store.staying.items())
    ]
    return Taken(checked, repeated, staying)


def _new(checked: Checked, spool: Spool) -> tuple[list[JsonValue], int]:
    digests = {event_digest(event) for event in checked.accepted}
    return without_repeats(checked.accepted, spool.enqueued_before(digests))


def since_time(text: str | None) -> datetime | None:
    """Return the time of `--since`: a day, or a time in either spelling, in UTC.

    Raises:
        typer.BadParameter: neither.

    """
    if text is None:
        return None
    moment = read_time(text) or read_time(f"{text} 00:00:00")
    if moment is None:
        raise typer.BadParameter(
            "expected YYYY-MM-DD, 'YYYY-MM-DD HH:MM:SS' or RFC 3339", param_hint="--since"
        )
    return moment
