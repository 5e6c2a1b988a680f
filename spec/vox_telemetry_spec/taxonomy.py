"""The words of the taxonomy: how sensitive an event is and how it may leave the machine.

`may_enqueue` and `may_export` are the only two ways out; whoever moves an event asks one of them.
"""

from enum import Enum, StrEnum
from functools import total_ordering

import msgspec


@total_ordering
class SensitivityClass(Enum):
    """S0 coarse, S1 operational, S2 workspace-adjacent, S3 content-bearing; they are ordered."""

    S0 = "S0"
    S1 = "S1"
    S2 = "S2"
    S3 = "S3"

    def __init__(self, value: str) -> None:
        """Keep the digit as `rank`: every event's check compares it, and `.value` is slow."""
        self.rank = int(value[1])

    def __lt__(self, other: object) -> bool:
        """Compare by how much a class may reveal."""
        if not isinstance(other, SensitivityClass):
            return NotImplemented
        return self.rank < other.rank


class TransmissionClass(StrEnum):
    """How an event may leave the machine (trust, section 3)."""

    LOCAL_ONLY = "local_only"
    EXPLICIT_OPERATOR_EXPORT = "explicit_operator_export"
    APPROVED_USAGE_UPLOAD = "approved_usage_upload"


class Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `contracts/index.yaml` declares once per event kind; events do not repeat it."""

    family: str
    metric_type: str | None
    session_id_convention: str
    schema_ref: str | None
    sensitivity_class: SensitivityClass
    transmission_class: TransmissionClass
    owner_crate: str


class Refusal(StrEnum):
    """Why an event may not leave; the value is the rule that a `Violation` names."""

    TRANSMISSION_CLASS = "policy.transmission-class"
    SENSITIVITY_CLASS = "policy.sensitivity-class"
    OPT_IN = "policy.opt-in"
    FAMILY_OF_KEY = "policy.family-of-key"  # given by a sink, which knows the key


# Up to here central telemetry needs no further consent (retention and sensitivity, S0-S1).
SENSITIVITY_WITHOUT_OPT_IN = SensitivityClass.S1


def may_enqueue(
    family: Family, ceiling: SensitivityClass, opted_in: frozenset[str]
) -> Refusal | None:
    """Return why events of `family` may not be enqueued or stored, or None where they may.

    `ceiling` is the most sensitive class that this end allows, `opted_in` names the S2 families
    (`Family.family`) that this end has agreed to. S3 is refused whatever the ceiling says.
    """
    sensitivity = family.sensitivity_class.rank
    if family.transmission_class is not TransmissionClass.APPROVED_USAGE_UPLOAD:
        return Refusal.TRANSMISSION_CLASS
    if family.sensitivity_class is SensitivityClass.S3 or sensitivity > ceiling.rank:
        return Refusal.SENSITIVITY_CLASS
    if sensitivity > SENSITIVITY_WITHOUT_OPT_IN.rank and family.family not in opted_in:
        return Refusal.OPT_IN
    return None


def may_export(family: Family) -> Refusal | None:
    """Return why an operator may not export events of `family` with our tools, or None.

    A `local_only` event leaves only as a file that the operator copies without us.
    """
    if family.transmission_class is TransmissionClass.LOCAL_ONLY:
        return Refusal.TRANSMISSION_CLASS
    if family.sensitivity_class is SensitivityClass.S3:
        return Refusal.SENSITIVITY_CLASS
    return None
