"""What `vox-telemetry enqueue` takes: events of files or of a store's rows, less their repeats.

What was enqueued before is left out, so that the same command can be given every day, also for
a file that grows.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from vox_telemetry_client.check import Check, Checked, Rules
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.collecting import uncollected
from vox_telemetry_client.cli.progress import EventsProgress
from vox_telemetry_client.cli.rules import rules
from vox_telemetry_client.counting import counted, noun
from vox_telemetry_client.draft import Draft
from vox_telemetry_client.inputs import Inputs
from vox_telemetry_client.recording import recording_switch
from vox_telemetry_client.repair import Repair
from vox_telemetry_client.repeats import Repeats
from vox_telemetry_client.store_events import StoreEvents, Wanted
from vox_telemetry_spec.retention import read_time


@dataclass(frozen=True)
class Taker:
    """Takes events into a draft; with `again` those too that were enqueued before."""

    draft: Draft
    repeats: Repeats
    again: bool
    repair: Repair
    shown: bool

    def files(self, inputs: Inputs) -> "Taken":
        """Take the events of files."""
        with EventsProgress.of_files(inputs.names, shown=self.shown) as progress, uncollected():
            checked = self._check(rules(self.repair), progress).inputs(inputs.names)
        return Taken(checked, self.repeats.found, self.again, inputs)

    def rows(self, path: Path, wanted: Wanted) -> "Taken":
        """Take the rows of a store that may be enqueued."""
        with_rules = rules(self.repair)
        store = StoreEvents(path, wanted, with_rules, recording_switch())
        with EventsProgress(None, shown=self.shown) as progress, uncollected():
            checked = self._check(with_rules, progress).events(str(path), store.read())
        staying: list[dict[str, Any]] = [
            {"metric_type": metric_type, "rule": rule, "rows": rows}
            for (metric_type, rule), rows in sorted(store.staying.items())
        ]
        return Taken(checked, self.repeats.found, self.again, staying=staying)

    def _check(self, with_rules: Rules, progress: EventsProgress) -> Check:
        return Check(with_rules, keep=self._take, on_run=progress.run)

    def _take(self, events: list[bytes]) -> None:
        new = self.repeats.new_among(events)
        self.draft.extend(events if self.again else new)


@dataclass(frozen=True)
class Taken:
    """What was checked, how much of it was enqueued before, and what was not even looked at."""

    checked: Checked
    repeated: int
    again: bool
    inputs: Inputs | None = None  # None for a store
    staying: list[dict[str, Any]] | None = None  # None for files

    @property
    def accepted(self) -> int:
        """How many events are to be kept."""
        return self.checked.accepted - (0 if self.again else self.repeated)

    @property
    def are_several(self) -> bool:
        """Whether a place has to be told with its file."""
        return self.inputs is not None and self.inputs.are_several

    def members(self) -> dict[str, object]:
        """Return the members that are added to the document."""
        found: dict[str, object] = {"repeated": self.repeated}
        if self.inputs is not None:
            found |= self.inputs.members()
        return found if self.staying is None else found | {"staying": self.staying}

    def tell(self) -> None:
        """Print what was left out, and why."""
        if self.inputs is not None:
            self.inputs.tell(output.note)
        for one in self.staying or []:
            rows = counted(one["rows"], "row", "rows")
            output.note(f"left {rows} of {one['metric_type']} here: {one['rule']}")
        if self.repeated and self.again:
            one_or_many = ("was enqueued before; it counts", "were enqueued before; they count")
            output.note(
                f"{self.repeated} of these events {noun(self.repeated, *one_or_many)} again"
            )
        elif self.repeated:
            what = "event" if self.staying is None else "row"
            left_out = counted(self.repeated, f"{what} that was", f"{what}s that were")
            output.note(f"left out {left_out} enqueued before; --again takes them")
        if not self.accepted and not self.checked.refused:
            output.note(f"no new {'events' if self.staying is None else 'rows'} to enqueue")


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
