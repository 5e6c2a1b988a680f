"""Consent as a recorded fact: who may be sent to, since when, under which contract. Pure."""

from datetime import datetime
from enum import StrEnum

import msgspec

from vox_telemetry_spec.times import parse_time


class State(StrEnum):
    """What the operator has decided; without a record nothing has been decided (`unset`)."""

    GRANTED = "granted"
    DENIED = "denied"


class Consent(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One decision; all but `state` and `at` (RFC 3339) belong to a grant.

    A grant covers batches whose approval is not older than `covers_from`, sent to `url`, under the
    contract with this digest.
    """

    state: State
    at: str
    url: str = ""
    contract: str = ""
    contract_sha256: str = ""
    covers_from: str = ""

    @property
    def since(self) -> datetime | None:
        """The time of approval from which batches are covered; None for a denial."""
        return parse_time(self.covers_from)

    @property
    def is_whole(self) -> bool:
        """Whether everything is there that its state needs."""
        if parse_time(self.at) is None:
            return False
        if self.state is State.DENIED:
            return True
        return bool(self.url and self.contract_sha256) and self.since is not None


def granted(
    before: Consent | None, *, at: str, url: str, contract: str, contract_sha256: str
) -> Consent:
    """Return the grant that follows `before`.

    A grant that is repeated for the same URL, also for another contract, goes on covering what the
    first one covered; after a denial, or for another URL, everything begins anew.
    """
    goes_on = before is not None and before.state is State.GRANTED and before.url == url
    covers_from = before.covers_from if before is not None and goes_on else at
    return Consent(State.GRANTED, at, url, contract, contract_sha256, covers_from)
