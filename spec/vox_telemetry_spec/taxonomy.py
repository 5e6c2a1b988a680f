"""The words of the taxonomy: how sensitive an event is and how it may leave the machine."""

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

    def __lt__(self, other: object) -> bool:
        """Compare by how much a class may reveal."""
        if not isinstance(other, SensitivityClass):
            return NotImplemented
        return self.value < other.value


class TransmissionClass(StrEnum):
    """How an event may leave the machine (trust, section 3)."""

    LOCAL_ONLY = "local_only"
    EXPLICIT_OPERATOR_EXPORT = "explicit_operator_export"
    APPROVED_USAGE_UPLOAD = "approved_usage_upload"


class Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `contracts/index.yaml` declares once per event kind; events do not repeat it."""

    family: str
    metric_type: str
    session_id_convention: str
    schema_ref: str | None
    sensitivity_class: SensitivityClass
    transmission_class: TransmissionClass
    owner_crate: str
