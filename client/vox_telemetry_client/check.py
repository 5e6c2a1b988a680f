"""May these events leave the machine? The same check that the sink makes, before anything is kept.

No value of an event ever leaves this file for a person, only where it stood and which rule it
broke. What is accepted is handed on run by run: an input may be longer than the memory.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from vox_telemetry_client.reading import NotJsonError, ReadEvent, read_events
from vox_telemetry_client.repair import Repair, Repaired
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.limits import BATCH_MAX_EVENTS
from vox_telemetry_spec.strict_json import JsonValue, encode
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
    """The outcome for all inputs together.

    `events` is the sum of `accepted`, of the events in `refused` and of `omitted`. `repaired` names
    each place that was left out or hashed; its events are in `accepted`, or were left out whole.
    """

    events: int = 0
    accepted: int = 0
    omitted: int = 0
    refused: list[Refusal] = field(default_factory=list)
    repaired: list[tuple[Refusal, Repaired]] = field(default_factory=list)
    not_json: list[NotJsonError] = field(default_factory=list)


@dataclass(frozen=True)
class Rules:
    """What events are checked against, and what is done with those that are refused.

    `now` is the clock that `recorded_at` is compared with; `opted_in` names the families of S2 that
    this end allows.
    """

    checker: Checker
    now: datetime
    opted_in: frozenset[str] = frozenset()
    repair: Repair = field(default_factory=Repair)

    @property
    def ceiling(self) -> SensitivityClass:
        """The most sensitive class that may be sent: S1, where no family of S2 is opted in."""
        return SensitivityClass.S2 if self.opted_in else SensitivityClass.S1

    def violations(self, events: list[ReadEvent]) -> list[Violation]:
        """Return what is wrong in one run; the places count from its first event."""
        if any(event.fault for event in events):
            return [one for at, event in enumerate(events) for one in self._of_one(event, at)]
        values = [event.value for event in events]
        return self.checker.check_batch(
            values, now=self.now, ceiling=self.ceiling, opted_in=self.opted_in
        ).violations

    def violations_of(self, event: JsonValue, at: int) -> list[Violation]:
        """Return what is wrong with one event."""
        return self.checker.check_event(
            event, at, now=self.now, ceiling=self.ceiling, opted_in=self.opted_in
        )

    def _of_one(self, event: ReadEvent, at: int) -> list[Violation]:
        if event.fault is not None:
            return [Violation(at, event.fault.pointer, event.fault.rule)]
        return self.violations_of(event.value, at)


class Check:
    """One check over several inputs; `checked` is its outcome so far."""

    def __init__(
        self,
        rules: Rules,
        keep: Callable[[list[bytes]], None] = lambda _: None,
        on_run: Callable[[int, int], None] = lambda _events, _bytes: None,
    ) -> None:
        """Hand the accepted events of each run to `keep`, as their canonical bytes.

        After each run `on_run` is told how many events and bytes it had.
        """
        self.checked = Checked()
        self._rules = rules
        self._keep = keep
        self._on_run = on_run

    def inputs(self, names: Iterable[str]) -> Checked:
        """Check every event of every file; of one that is no JSON nothing more is accepted.

        Raises:
            InputRefusedError: an input that cannot be read or holds no event.

        """
        for name in names:
            self.events(name, read_events(name))
        return self.checked

    def events(self, name: str, events: Iterator[ReadEvent]) -> Checked:
        """Check the events of one input; `name` is told in refusals.

        Raises:
            TelemetryError: whatever reading `events` raises, except that no JSON is an outcome.

        """
        try:
            for first, run in _runs(events):
                self._run(name, first, run)
                self._on_run(len(run), sum(event.size_bytes for event in run))
        except NotJsonError as exc:
            self.checked.events += exc.event + 1
            self.checked.refused.append(Refusal(name, exc.event, exc.pointer, exc.rule))
            self.checked.not_json.append(exc)
        return self.checked

    def _run(self, name: str, first: int, run: list[ReadEvent]) -> None:
        self.checked.events += len(run)
        found: dict[int, list[Violation]] = {}
        for one in self._rules.violations(run):
            if one.event is not None:
                found.setdefault(one.event, []).append(one)
        if not found:
            accepted = [event.canonical or encode(event.value) for event in run]
        else:
            accepted = list(self._mended(name, first, run, found))
        self.checked.accepted += len(accepted)
        self._keep(accepted)

    def _mended(
        self, name: str, first: int, run: list[ReadEvent], found: dict[int, list[Violation]]
    ) -> Iterator[bytes]:
        for at, event in enumerate(run):
            if at not in found:
                yield event.canonical or encode(event.value)
            else:
                yield from self._mend(name, first, event, found[at])

    def _mend(
        self, name: str, first: int, event: ReadEvent, found: list[Violation]
    ) -> Iterator[bytes]:
        """Yield one event as it is repaired, or refuse it."""
        at = found[0].event or 0
        outcome = self._rules.repair(
            event.value, found, lambda value: self._rules.violations_of(value, at)
        )

        def told(one: Violation) -> Refusal:
            return Refusal(name, first + at, one.pointer, one.rule, event.line)

        self.checked.refused += map(told, outcome.refused)
        self.checked.repaired += [(told(one), how) for one, how in outcome.done]
        if outcome.is_kept:
            yield encode(outcome.event)
        elif not outcome.refused:
            self.checked.omitted += 1


def _runs(events: Iterator[ReadEvent]) -> Iterator[tuple[int, list[ReadEvent]]]:
    """Yield the events in runs, each with the number of its first: many are checked like one."""
    first = 0
    while run := list(islice(events, BATCH_MAX_EVENTS)):
        yield first, run
        first += len(run)
