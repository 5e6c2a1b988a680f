"""What becomes of an event that a forbidden-field rule refuses: refuse, omit or hash. Pure.

`omit` leaves the named members and items out. Where the contract wants one of them, or what is
forbidden cannot be cut out, it leaves out the event. `hash` puts a keyed hash in the place of
a string; a forbidden name cannot be hashed, so its event stays refused. Either way the same check
is asked again, and its word is the last: an event that is wrong for another reason stays refused.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from vox_telemetry_spec.strict_json import JsonValue
from vox_telemetry_spec.violations import Violation, child

# What is wrong with an event's form; every other rule is one of the forbidden-field rules.
_FORM = ("contract.", "json.", "policy.", "time.")

Check = Callable[[JsonValue], list[Violation]]


class OnForbidden(StrEnum):
    """What to do with an event that a forbidden-field rule refuses."""

    REFUSE = "refuse"
    OMIT = "omit"
    HASH = "hash"


class Repaired(StrEnum):
    """What was done at one place; `--json` prints these words."""

    MEMBER_OMITTED = "member_omitted"
    EVENT_OMITTED = "event_omitted"
    HASHED = "hashed"


@dataclass(frozen=True)
class Outcome:
    """What is left: an event that the check accepts, none, or what it is refused for.

    `done` names each forbidden place that is no longer there, and how that came about.
    """

    event: JsonValue = None
    done: tuple[tuple[Violation, Repaired], ...] = ()
    refused: tuple[Violation, ...] = ()

    @property
    def is_kept(self) -> bool:
        """Tell whether `event` is to be kept."""
        return not self.refused and all(how is not Repaired.EVENT_OMITTED for _, how in self.done)


@dataclass(frozen=True)
class Repair:
    """How to repair; `hash_of` gives the keyed hash that stands in for a string."""

    on_forbidden: OnForbidden = OnForbidden.REFUSE
    hash_of: Callable[[str], str] = str

    def __call__(self, event: JsonValue, found: list[Violation], check: Check) -> Outcome:
        """Return what becomes of an event in which the check has `found` something."""
        forbidden = [one for one in found if is_forbidden(one.rule)]
        if not forbidden or self.on_forbidden is OnForbidden.REFUSE:
            return Outcome(refused=tuple(found))
        if self.on_forbidden is OnForbidden.HASH:
            return self._hashed(event, forbidden, check)
        return _omitted(event, found, forbidden, check)

    def _hashed(self, event: JsonValue, forbidden: list[Violation], check: Check) -> Outcome:
        hashed = _with_hashes(event, {one.pointer for one in forbidden}, self.hash_of)
        if left := check(hashed):  # also where a name is forbidden, whatever its value is now
            return Outcome(refused=tuple(left))
        return Outcome(hashed, tuple((one, Repaired.HASHED) for one in forbidden))


def is_forbidden(rule: str) -> bool:
    """Tell whether a rule is one of the forbidden-field rules, not of an event's form."""
    return not rule.startswith(_FORM)


def _omitted(
    event: JsonValue, found: list[Violation], forbidden: list[Violation], check: Check
) -> Outcome:
    shortened = _without(event, {one.pointer for one in forbidden})
    left = check(shortened)
    if not left:
        return Outcome(shortened, tuple((one, Repaired.MEMBER_OMITTED) for one in forbidden))
    # What was there before and has nothing to do with a forbidden place that could not be cut out.
    still = [one for one in left if is_forbidden(one.rule)]
    other = [one for one in left if one in found and not _goes_with(one, still)]
    if other:
        return Outcome(refused=tuple(other))
    return Outcome(done=tuple((one, Repaired.EVENT_OMITTED) for one in forbidden))


def _goes_with(violation: Violation, forbidden: list[Violation]) -> bool:
    """Tell whether a place is a forbidden one, or the object or list that holds it."""
    return any(
        violation.pointer in (one.pointer, one.pointer.rpartition("/")[0]) for one in forbidden
    )


def _without(value: JsonValue, places: Collection[str], pointer: str = "") -> JsonValue:
    """Return the value less what stands at the places.

    Members whose names are not shown share one place. They go together: no contract has any.
    """
    if isinstance(value, dict):
        return {
            name: _without(member, places, inner)
            for name, member in value.items()
            if (inner := child(pointer, name)) not in places
        }
    if isinstance(value, list):
        return [
            _without(item, places, inner)
            for at, item in enumerate(value)
            if (inner := child(pointer, at)) not in places
        ]
    return value


def _with_hashes(
    value: JsonValue, places: Collection[str], hash_of: Callable[[str], str], pointer: str = ""
) -> JsonValue:
    """Return the value with the strings at the places hashed."""
    if isinstance(value, str):
        return hash_of(value) if pointer in places else value
    if isinstance(value, dict):
        return {
            name: _with_hashes(member, places, hash_of, child(pointer, name))
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [
            _with_hashes(item, places, hash_of, child(pointer, at)) for at, item in enumerate(value)
        ]
    return value
