"""May these events leave the machine? The same check that the sink makes, before anything is kept.

No value of an event ever leaves this file, only where it stood and which rule it broke.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from vox_telemetry_client.reading import NotJsonError, ReadEvent, read_events
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.strict_json import JsonValue
from vox_telemetry_spec.taxonomy import SensitivityClass
from vox_telemetry_spec.violations import Violation

# Design: S0 and S1 may be sent; S2 needs an opt-in at both ends, S3 never takes this way.
CEILING = SensitivityClass.S1


@dataclass(frozen=True)
class Refusal:
    """One broken rule: `event` counts from 0 within `file`, `line` from 1 in JSON Lines."""

    file: str
    event: int
    pointer: str
    rule: str
    line: int | None = None

    def __str__(self) -> str:
        """Return the line that a person reads."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: event {self.event}: {self.pointer or 'the event'}: {self.rule}"


@dataclass
class Checked:
    """The outcome for all inputs together; `accepted` holds the events in their order."""

    events: int = 0
    accepted: list[JsonValue] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    not_json: list[NotJsonError] = field(default_factory=list)


def check_inputs(names: Iterable[str], checker: Checker, *, now: datetime) -> Checked:
    """Check every event of every input; `now` is the clock that `recorded_at` is compared with.

    Of an input that is no JSON nothing is accepted; the other inputs are still checked.

    Raises:
        InputRefusedError: an input that cannot be read or holds no event.

    """
    checked = Checked()
    for name in names:
        try:
            for index, event in enumerate(read_events(name)):
                found = _violations(event, index, checker, now)
                checked.events += 1
                if not found:
                    checked.accepted.append(event.value)
                checked.refused += [
                    Refusal(name, index, one.pointer, one.rule, event.line) for one in found
                ]
        except NotJsonError as exc:
            checked.events += exc.event + 1  # as far as it could be read
            checked.refused.append(Refusal(name, exc.event, exc.pointer, exc.rule))
            checked.not_json.append(exc)
    return checked


def _violations(event: ReadEvent, index: int, checker: Checker, now: datetime) -> list[Violation]:
    if event.fault is not None:
        return [Violation(index, event.fault.pointer, event.fault.rule)]
    return checker.check_event(event.value, index, now=now, ceiling=CEILING)
