"""May this event leave the machine? The one check that both ends run, on the same values.

In order: (1) an object of a known kind, (2) that may be uploaded at all and is not more sensitive
than allowed, (3) the closed contract, (4) its own time, (5) the forbidden-field rules. All that
apply are reported, since an operator who mends one thing wants to know the next.

Metadata bytes are not counted here on purpose: a closed contract bounds them far below
METADATA_MAX_BYTES, which tests/spec/test_checking.py proves for each contract.
"""

from collections.abc import Iterator
from datetime import datetime

from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.forbidden import Scanner, load_scanner
from vox_telemetry_spec.limits import RECORDED_AT_MAX_AGE_S, RECORDED_AT_MAX_AHEAD_S
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.strict_json import JsonObject, JsonValue
from vox_telemetry_spec.taxonomy import SensitivityClass
from vox_telemetry_spec.times import parse_time
from vox_telemetry_spec.violations import Violation


class Checker:
    """The contract and the forbidden-field rules, compiled once and held for a process's life."""

    def __init__(self, contracts: Contracts, scanner: Scanner) -> None:
        """Hold both; `load` builds them from the packaged files."""
        self.contracts = contracts
        self._scanner = scanner

    @classmethod
    def load(cls) -> "Checker":
        """Return a checker of the packaged contract.

        Raises:
            RegistryError: a packaged contract file is damaged.

        """
        return cls(Contracts(Registry.load()), load_scanner())

    def check_event(
        self, event: JsonValue, index: int, *, now: datetime, ceiling: SensitivityClass
    ) -> list[Violation]:
        """Return what is wrong with one event; an empty list means that it may be uploaded.

        `now` (aware) is the checker's clock, `ceiling` the most sensitive class allowed.
        """
        if not isinstance(event, dict):
            return [Violation(index, "", "contract.type")]
        found = [
            *self._kind(event, index, ceiling),
            *_own_time(event, index, now),
            *self._scanner.scan(event, index),
        ]
        return sorted(set(found))

    def _kind(
        self, event: JsonObject, index: int, ceiling: SensitivityClass
    ) -> Iterator[Violation]:
        metric_type = event.get("metric_type")
        family = (
            self.contracts.registry.family_of(metric_type) if isinstance(metric_type, str) else None
        )
        if family is None:
            yield Violation(index, "/metric_type", "contract.unknown-metric-type")
            return
        contract = self.contracts.of(family.metric_type)
        if contract is None:
            yield Violation(index, "/metric_type", "policy.transmission-class")
            return
        if family.sensitivity_class > ceiling:
            yield Violation(index, "/metric_type", "policy.sensitivity-class")
        yield from contract.violations(event, index)


def _own_time(event: JsonObject, index: int, now: datetime) -> Iterator[Violation]:
    text = event.get("recorded_at")
    if not isinstance(text, str):
        return  # the contract has reported it
    recorded_at = parse_time(text)
    if recorded_at is None:
        yield Violation(index, "/recorded_at", "time.invalid")
        return
    ahead_s = (recorded_at - now).total_seconds()
    if ahead_s > RECORDED_AT_MAX_AHEAD_S:
        yield Violation(index, "/recorded_at", "time.in-the-future")
    elif -ahead_s > RECORDED_AT_MAX_AGE_S:
        yield Violation(index, "/recorded_at", "time.too-old")
