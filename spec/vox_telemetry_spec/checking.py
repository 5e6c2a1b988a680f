"""May this event leave the machine? The one check that both ends run, on the same values.

In order: (1) an object of a known kind, (2) that may be uploaded at all, is not more sensitive than
allowed and, where it is S2, was opted in, (3) the closed contract, (4) its own time, (5) the
forbidden-field rules. All that apply are reported, since an operator who mends one thing wants to
know the next.

Families that share a metric type are tried from the least sensitive up: an event passes (2) and (3)
with the first family that is allowed and whose contract admits it. Where none is, the one that the
event comes nearest to is reported, so that an S2 event without opt-in is told just that.

Metadata bytes are not counted here on purpose: a closed contract bounds them far below
METADATA_MAX_BYTES, which tests/spec/test_checking.py proves for each contract.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.forbidden import Scanner, load_scanner
from vox_telemetry_spec.limits import RECORDED_AT_MAX_AGE_S, RECORDED_AT_MAX_AHEAD_S
from vox_telemetry_spec.quick_check import QuickCheck
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.strict_json import JsonObject, JsonValue
from vox_telemetry_spec.taxonomy import Family, Refusal, SensitivityClass, may_enqueue
from vox_telemetry_spec.times import parse_time
from vox_telemetry_spec.violations import Violation


class Checker:
    """The contract and the forbidden-field rules, compiled once and held for a process's life."""

    def __init__(self, contracts: Contracts, scanner: Scanner) -> None:
        """Hold both; `load` builds them from the packaged files."""
        self.contracts = contracts
        self._scanner = scanner
        self._quick = QuickCheck(contracts, scanner)

    @classmethod
    def load(cls) -> "Checker":
        """Return a checker of the packaged contract.

        Raises:
            RegistryError: a packaged contract file is damaged.

        """
        return cls(Contracts(Registry.load()), load_scanner())

    def check_event(
        self,
        event: JsonValue,
        index: int,
        *,
        now: datetime,
        ceiling: SensitivityClass,
        opted_in: frozenset[str] = frozenset(),
    ) -> list[Violation]:
        """Return what is wrong with one event; an empty list means that it may be uploaded.

        `now` (aware) is the checker's clock, `ceiling` the most sensitive class allowed and
        `opted_in` the S2 families that this end has agreed to.
        """
        if not isinstance(event, dict):
            return [Violation(index, "", "contract.type")]
        found = [
            *self._kind(event, index, ceiling, opted_in),
            *_own_time(event, index, now),
            *self._scanner.scan(event, index),
        ]
        return sorted(set(found))

    def check_batch(
        self,
        events: Sequence[JsonValue],
        *,
        now: datetime,
        ceiling: SensitivityClass,
        opted_in: frozenset[str] = frozenset(),
        at_most: int | None = None,
    ) -> "BatchCheck":
        """Return what `check_event` finds in each event, or the families of events that all pass.

        Looks no further once `at_most` violations are found; None means no bound.
        """
        if families := self._quick.families_if_fine(
            events, now=now, ceiling=ceiling, opted_in=opted_in
        ):
            return BatchCheck([], families)
        found: list[Violation] = []
        for index, event in enumerate(events):
            found += self.check_event(event, index, now=now, ceiling=ceiling, opted_in=opted_in)
            if at_most is not None and len(found) >= at_most:
                break
        if found:
            return BatchCheck(found, [])
        return BatchCheck([], [self._family(event) for event in events])

    def _family(self, event: JsonValue) -> Family:
        family = self.contracts.family_of(event)
        if family is None:
            raise RuntimeError("an event passed its check and no contract admits it")
        return family

    def _kind(
        self, event: JsonObject, index: int, ceiling: SensitivityClass, opted_in: frozenset[str]
    ) -> list[Violation]:
        metric_type = event.get("metric_type")
        families = (
            self.contracts.registry.families_of(metric_type) if isinstance(metric_type, str) else ()
        )
        if not families:
            return [Violation(index, "/metric_type", "contract.unknown-metric-type")]
        for family in families:
            contract = self.contracts.of(family)
            if (
                contract is not None
                and may_enqueue(family, ceiling, opted_in) is None
                and contract.admits(event)
            ):
                return []
        verdicts = [self._verdict(one, event, index, ceiling, opted_in) for one in families]
        # Of two as near, the more sensitive one knows more members and so tells more.
        return min(reversed(verdicts), key=_Verdict.distance).violations(index)

    def _verdict(
        self,
        family: Family,
        event: JsonObject,
        index: int,
        ceiling: SensitivityClass,
        opted_in: frozenset[str],
    ) -> "_Verdict":
        contract = self.contracts.of(family)
        broken = [] if contract is None else list(contract.violations(event, index))
        return _Verdict(broken, may_enqueue(family, ceiling, opted_in))


class BatchCheck(NamedTuple):
    """The violations of a batch, or, where there are none, each event's family."""

    violations: list[Violation]
    families: list[Family]


class _Verdict(NamedTuple):
    """Why one family does not take an event."""

    broken: list[Violation]
    refusal: Refusal | None

    def distance(self) -> tuple[int, bool]:
        """Return how far the event is from the family; the fewest broken keywords come first."""
        return len(self.broken), self.refusal is not None

    def violations(self, index: int) -> list[Violation]:
        """Return the broken keywords and the refusal."""
        if self.refusal is None:
            return self.broken
        return [Violation(index, "/metric_type", self.refusal.value), *self.broken]


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
