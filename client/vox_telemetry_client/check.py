"""May these events leave the machine? The same check that the sink makes, before anything is kept.

No value of an event ever leaves this file, only where it stood and which rule it broke.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from vox_telemetry_client.reading import NotJsonError, ReadEvent, read_events
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.limits import BATCH_MAX_EVENTS
from vox_telemetry_spec.strict_json import JsonValue
from vox_telemetry_spec.taxonomy import SensitivityClass
from vox_telemetry_spec.violations import Violation


@dataclass(frozen=True)
class Refusal:
    """One broken rule: `event` counts from 0 within `file`, `line` from 1 in JSON Lines.

    Of a local store `line` is the row's id.
    """

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


@dataclass(frozen=True)
class Rules:
    """What events are checked against.

    `now` is the clock that `recorded_at` is compared with; `opted_in` names the families of S2 that
    this end allows.
    """

    checker: Checker
    now: datetime
    opted_in: frozenset[str] = frozenset()

    @property
    def ceiling(self) -> SensitivityClass:
        """The most sensitive class that may be sent: S1, where no family of S2 is opted in."""
        return SensitivityClass.S2 if self.opted_in else SensitivityClass.S1


def check_inputs(names: Iterable[str], rules: Rules) -> Checked:
    """Check every event of every input.

    Of an input that is no JSON nothing is accepted; the other inputs are still checked.

    Raises:
        InputRefusedError: an input that cannot be read or holds no event.

    """
    checked = Checked()
    for name in names:
        check_events(name, read_events(name), rules, checked)
    return checked


def check_events(name: str, events: Iterator[ReadEvent], rules: Rules, checked: Checked) -> None:
    """Check the events of one input and add the outcome to `checked`; `name` is told in refusals.

    Raises:
        TelemetryError: whatever reading `events` raises, except that no JSON is an outcome.

    """
    try:
        for first, run in _runs(events):
            found = _violations(run, rules)
            refused = {one.event for one in found}
            checked.events += len(run)
            checked.accepted += [event.value for at, event in enumerate(run) if at not in refused]
            checked.refused += [
                Refusal(name, first + at, one.pointer, one.rule, run[at].line)
                for one in found
                if (at := one.event) is not None
            ]
    except NotJsonError as exc:
        checked.events += exc.event + 1
        checked.refused.append(Refusal(name, exc.event, exc.pointer, exc.rule))
        checked.not_json.append(exc)


def _runs(events: Iterator[ReadEvent]) -> Iterator[tuple[int, list[ReadEvent]]]:
    """Yield the events in runs, each with the number of its first: many are checked like one."""
    first = 0
    while run := list(islice(events, BATCH_MAX_EVENTS)):
        yield first, run
        first += len(run)


def _violations(events: list[ReadEvent], rules: Rules) -> list[Violation]:
    """Return what is wrong in one run; the places count from its first event."""
    if any(event.fault for event in events):
        return [
            violation
            for at, event in enumerate(events)
            for violation in _violations_of_one(event, at, rules)
        ]
    values = [event.value for event in events]
    return rules.checker.check_batch(
        values, now=rules.now, ceiling=rules.ceiling, opted_in=rules.opted_in
    ).violations


def _violations_of_one(event: ReadEvent, at: int, rules: Rules) -> list[Violation]:
    if event.fault is not None:
        return [Violation(at, event.fault.pointer, event.fault.rule)]
    return rules.checker.check_event(
        event.value, at, now=rules.now, ceiling=rules.ceiling, opted_in=rules.opted_in
    )
