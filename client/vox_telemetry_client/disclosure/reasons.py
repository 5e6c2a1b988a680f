"""Why each event is allowed: its family, the contract that admits it, and the rules it was held to.

The check is made anew for what is looked at, by the same `Checker` as at `enqueue` and at the sink.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from vox_telemetry_client.permission import ContractName, packaged_contract
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.forbidden.rules import load_name_rules, load_value_rules
from vox_telemetry_spec.strict_json import JsonValue, decode
from vox_telemetry_spec.taxonomy import Family, SensitivityClass
from vox_telemetry_spec.violations import Violation


@dataclass(frozen=True)
class EventRow:
    """One event; `family` is None where no contract admits it, and then `violations` says why."""

    number: int
    size_bytes: int
    metric_type: str
    session_id: str
    recorded_at: str
    family: Family | None
    violations: list[Violation]


@dataclass(frozen=True)
class Rule:
    """A forbidden-field rule: what it looks at, and why it is there."""

    id: str
    looks_at: str
    reason: str


class Reasons:
    """The packaged contract, compiled when it is first asked."""

    def __init__(self, opted_in: frozenset[str]) -> None:
        """Take the families of S2 that the user has opted in."""
        self._opted_in = opted_in
        self._ceiling = SensitivityClass.S2 if opted_in else SensitivityClass.S1

    @cached_property
    def _checker(self) -> Checker:
        return Checker.load()

    @cached_property
    def contract(self) -> ContractName:
        """The contract's version and digest."""
        return packaged_contract()

    @cached_property
    def rules(self) -> list[Rule]:
        """Every forbidden-field rule: those of names, then those of values."""
        names = [Rule(one.id, "names", one.reason) for one in load_name_rules().rules]
        return names + [Rule(one.id, "values", one.reason) for one in load_value_rules()]

    def row(self, number: int, raw: bytes, now: datetime) -> EventRow:
        """Return what is to be said of one event."""
        try:
            event = decode(raw)
        except JsonRefusedError as exc:
            broken = [Violation(number, exc.pointer, exc.rule)]
            return EventRow(number, len(raw), "", "", "", None, broken)
        found = self._checker.check_event(
            event, number, now=now, ceiling=self._ceiling, opted_in=self._opted_in
        )
        return EventRow(
            number,
            len(raw),
            _text(event, "metric_type"),
            _text(event, "session_id"),
            _text(event, "recorded_at"),
            self._checker.contracts.family_of(event),
            found,
        )

    def rows(self, events: Sequence[bytes], numbers: range, now: datetime) -> list[EventRow]:
        """Return rows for some of a batch's events."""
        return [self.row(number, events[number], now) for number in numbers]


def _text(event: JsonValue, name: str) -> str:
    found = event.get(name) if isinstance(event, dict) else None
    return found if isinstance(found, str) else ""
