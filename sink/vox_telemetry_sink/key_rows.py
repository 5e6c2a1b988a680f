"""What the key registry holds and what changes it, as values; pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from vox_telemetry_spec.enrolment import EnrolmentCode, Sensitivity
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.taxonomy import SensitivityClass
from vox_telemetry_spec.times import format_time

_CODE_ID_CHARS: Final = 12


class KeyGrant(NamedTuple):
    """What a key is called and what it may do; `families` None as in `EnrolledKey`."""

    name: str
    max_sensitivity: SensitivityClass = SensitivityClass.S1
    families: Sequence[str] | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None


class ListedKey(NamedTuple):
    """A row of the key registry, for operators; the columns of list_keys."""

    key_id: str
    public_key: bytes
    name: str
    max_sensitivity: Sensitivity
    families: list[str] | None
    enrolled_at: datetime
    not_before: datetime | None
    not_after: datetime | None
    approved_at: datetime | None
    revoked_at: datetime | None
    replaces: str | None
    replaced_by: str | None

    def state(self, now: datetime) -> str:
        """Return good, revoked, expired, not yet valid or waiting: what `verify` would say then.

        A key that is waiting is good once `KeyStore.approve` was called for it.
        """
        if self.revoked_at is not None:
            return "revoked"
        if self.not_after is not None and now >= self.not_after:
            return "expired"
        if self.not_before is not None and now < self.not_before:
            return "not yet valid"
        if self.approved_at is None:
            return "waiting"
        return "good"


class Invitation(NamedTuple):
    """What the key that uses a code will get; without `valid_days` its validity has no end.

    A key that `needs_approval` is enrolled, and waits until an administrator approves it.
    """

    grant: KeyGrant
    valid_days: int | None
    expires_at: datetime
    needs_approval: bool = False


class Enrolled(NamedTuple):
    """A key that used a code, now or before."""

    key: ListedKey
    is_new: bool


class Rotation(NamedTuple):
    """A new key in place of an old one; `valid_days` None: it ends when the old one would have."""

    old_id: str
    new: PublicKey
    overlap: timedelta
    valid_days: int | None

    def grant(self, old: ListedKey, now: datetime) -> KeyGrant:
        """Return what the new key gets: what the old one has."""
        ends_at = old.not_after if self.valid_days is None else now + timedelta(self.valid_days)
        sensitivity = SensitivityClass(old.max_sensitivity)
        return KeyGrant(old.name, sensitivity, old.families, not_after=ends_at)


def code_id_of(code: EnrolmentCode) -> str:
    """Return what names a code in records: the start of its SHA-256, which gives nothing away."""
    return code.sha256.hex()[:_CODE_ID_CHARS]


def described(grant: KeyGrant) -> dict[str, Any]:
    """Return a grant as admin_log keeps it; what is not limited is left out."""
    members = {
        "name": grant.name,
        "max_sensitivity": grant.max_sensitivity.value,
        "families": grant.families,
        "not_before": grant.not_before and format_time(grant.not_before),
        "not_after": grant.not_after and format_time(grant.not_after),
    }
    return {name: value for name, value in members.items() if value is not None}
