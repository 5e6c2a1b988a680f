"""Is a whole batch surely fine? The same rules as `Checker.check_event`, for all events at once.

Real batches are fine, so this is what both ends run nearly always. It says yes only where each
event would pass alone; a no says nothing yet, and the caller then looks at each event.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from vox_telemetry_spec.contracts import Contracts, Schema
from vox_telemetry_spec.fitting import all_fit
from vox_telemetry_spec.forbidden import Scanner
from vox_telemetry_spec.limits import RECORDED_AT_MAX_AGE_S, RECORDED_AT_MAX_AHEAD_S
from vox_telemetry_spec.open_texts import Column, NotPlannedError, Plan, plan
from vox_telemetry_spec.strict_json import JsonValue
from vox_telemetry_spec.taxonomy import Family, SensitivityClass, may_enqueue
from vox_telemetry_spec.times import span_of

# Typed loosely: an event that is no object raises TypeError, one without the member KeyError.
_METRIC_TYPE: Callable[[Any], JsonValue] = itemgetter("metric_type")
_RECORDED_AT: Callable[[Any], str] = itemgetter("recorded_at")
_PROVEN_MAX_TEXTS = 16_384
_MAX_AHEAD = timedelta(seconds=RECORDED_AT_MAX_AHEAD_S)
_MAX_AGE = timedelta(seconds=RECORDED_AT_MAX_AGE_S)


class QuickCheck:
    """What is known beforehand of each contract: where its open texts lie."""

    def __init__(self, contracts: Contracts, scanner: Scanner) -> None:
        """Hold both; a contract is planned when its first batch comes."""
        self._contracts = contracts
        self._registry = contracts.registry
        self._scanner = scanner
        # Texts that fit a pattern and that no rule refuses; most texts of most batches repeat.
        self._proven: dict[tuple[str, bool], set[str]] = {}
        self._plans: dict[str, tuple[Schema, Plan] | None] = {}

    def plan_of(self, family: Family) -> tuple[Schema, Plan] | None:
        """Return a family's contract and plan, or None for one that is never answered for."""
        if family.family not in self._plans:
            self._plans[family.family] = self._planned(family)
        return self._plans[family.family]

    def _planned(self, family: Family) -> tuple[Schema, Plan] | None:
        contract = self._contracts.of(family)
        if contract is None:
            return None
        try:
            return contract, plan(contract.document, self._is_clean_word)
        except NotPlannedError:
            return None

    def families_if_fine(
        self,
        events: Sequence[JsonValue],
        *,
        now: datetime,
        ceiling: SensitivityClass,
        opted_in: frozenset[str],
    ) -> list[Family] | None:
        """Return each event's family if every event surely passes, else None."""
        try:
            kinds = set(map(_METRIC_TYPE, events))
        except (KeyError, TypeError):  # no object, no metric type, or one that is no text
            return None
        families: dict[JsonValue, Family] = {}
        for kind in kinds:
            family = self._allowed(kind, ceiling, opted_in)
            members = events if len(kinds) == 1 else [e for e in events if _METRIC_TYPE(e) == kind]
            if family is None or not self._all_fine(family, members, now):
                return None
            families[kind] = family
        if len(families) == 1:
            return [*families.values()] * len(events)
        return [families[kind] for kind in map(_METRIC_TYPE, events)]

    def _allowed(
        self, kind: JsonValue, ceiling: SensitivityClass, opted_in: frozenset[str]
    ) -> Family | None:
        """Return the least sensitive family of a metric type if it may be sent."""
        families = self._registry.families_of(kind) if isinstance(kind, str) else ()
        if not families or may_enqueue(families[0], ceiling, opted_in) is not None:
            return None
        return families[0]

    def _all_fine(self, family: Family, events: Sequence[JsonValue], now: datetime) -> bool:
        known = self.plan_of(family)
        if known is None or not known[0].admits_all(events) or not _all_recent(events, now):
            return False
        columns: list[Column] = []
        known[1].collect(events, columns)
        new = [(column, column.texts - self._proven_of(column)) for column in columns]
        return self._all_clean([(column, texts) for column, texts in new if texts])

    def _proven_of(self, column: Column) -> set[str]:
        return self._proven.setdefault((column.pattern, column.are_names), set())

    def _all_clean(self, new: Sequence[tuple[Column, set[str]]]) -> bool:
        """Tell whether all new texts fit their patterns and no rule refuses one; remember them."""
        if not all(all_fit(column.pattern, texts) for column, texts in new):
            return False
        names = [texts for column, texts in new if column.are_names]
        texts = [texts for column, texts in new if not column.are_names]
        if not self._scanner.clean_names(set().union(*names)):
            return False
        if not self._scanner.clean_texts(set().union(*texts)):
            return False
        for column, some in new:
            proven = self._proven_of(column)
            if len(proven) > _PROVEN_MAX_TEXTS:
                proven.clear()
            proven |= some
        return True

    def _is_clean_word(self, text: str) -> bool:
        return self._scanner.clean_names([text]) and self._scanner.clean_texts([text])


def _all_recent(events: Sequence[JsonValue], now: datetime) -> bool:
    # The contract has proven each to be a string of the right shape.
    span = span_of(list(map(_RECORDED_AT, events)))
    return span is not None and now - _MAX_AGE <= span[0] and span[1] <= now + _MAX_AHEAD
