"""Is this request what an enrolled key signed? Pure; before anything is unpacked or parsed.

Wire 6.6, in this order:

(1) exactly one signature with our tag, ed25519, covering what it must;
(2) its key is enrolled, not revoked and within its validity: `keyid` selects it, proving nothing;
(3) `created` lies within the window around our clock;
(4) the signature verifies over the base rebuilt from the request as it came, and its key does not
    wait for approval: only who holds the key is told that it does;
(5) the body is the one that the signed Content-Digest names.

Step (1) is `read_claim`, since the caller must look the key up between (1) and (2).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_spec.digest import check_content_digest
from vox_telemetry_spec.errors import SignatureRefusedError
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature import PresentedSignature, check_fresh, read_signature
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.taxonomy import SensitivityClass
from vox_telemetry_spec.times import format_time

SIGNATURE_HEADERS: Final = ("signature-input", "signature")
_OURS: Final = object()


@dataclass(frozen=True)
class Received:
    """A whole request as it came; `request.fields` holds every header, combined."""

    request: SignableRequest
    coding: str | None
    coded_body: bytes


@dataclass(frozen=True)
class EnrolledKey:
    """A client's public key and what it may do.

    `families` None means every family of `max_sensitivity` but S2 ones, which are to be named.
    `not_before` counts, `not_after` does not any more; None is no bound. A key that `is_waiting` is
    enrolled and not approved yet.
    """

    public: PublicKey
    name: str
    max_sensitivity: SensitivityClass
    is_revoked: bool
    families: frozenset[str] | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    is_waiting: bool = False


@dataclass(frozen=True)
class Verified:
    """A request that an enrolled key signed; only `verify` makes one."""

    received: Received
    claim: PresentedSignature
    key: EnrolledKey
    made_by: object

    def __post_init__(self) -> None:
        """Refuse to be made elsewhere.

        Raises:
            RuntimeError: a programming error.

        """
        if self.made_by is not _OURS:
            raise RuntimeError("a Verified is made by verify() only")


def read_claim(received: Received) -> PresentedSignature:
    """Return what the request claims (step 1); whether it is true is not known yet.

    Raises:
        RefusalError: no such signature, or one that covers too little (401).

    """
    fields = received.request.fields
    try:
        return read_signature(received.request, *map(fields.get, SIGNATURE_HEADERS))
    except SignatureRefusedError as exc:
        raise RefusalError(exc.problem, str(exc)) from exc


def verify(
    received: Received, claim: PresentedSignature, key: EnrolledKey | None, *, now: datetime
) -> Verified:
    """Return the proof that `key` signed `received` (steps 2 to 5); `now` is aware.

    Raises:
        RefusalError: the step that failed, with its problem type.

    """
    good_key = _good_key(key, claim, now)  # step 2
    try:
        check_fresh(claim, now_s=now.timestamp())  # step 3
        _check_signature(claim, good_key)  # step 4
        _refuse_waiting(good_key)
        fields = received.request.fields
        check_content_digest(fields.get("content-digest"), received.coded_body)  # step 5
    except SignatureRefusedError as exc:
        is_stale = exc.problem is ProblemType.SIGNATURE_STALE
        sink_time = format_time(now) if is_stale else ""
        raise RefusalError(exc.problem, str(exc), sink_time=sink_time) from exc
    return Verified(received, claim, good_key, _OURS)


def _good_key(key: EnrolledKey | None, claim: PresentedSignature, now: datetime) -> EnrolledKey:
    if key is None or key.public.key_id != claim.key_id:
        raise RefusalError(
            ProblemType.KEY_UNKNOWN, "this key is not enrolled here: have the operator add it"
        )
    if key.is_revoked:
        raise RefusalError(ProblemType.KEY_REVOKED, "this key is revoked: enrol a new one")
    if key.not_after is not None and now >= key.not_after:
        raise RefusalError(
            ProblemType.KEY_EXPIRED,
            f"this key was valid until {format_time(key.not_after)}: enrol a new one",
            sink_time=format_time(now),
        )
    if key.not_before is not None and now < key.not_before:
        raise RefusalError(
            ProblemType.KEY_NOT_YET_VALID,
            f"this key is valid from {format_time(key.not_before)}: try again then",
            sink_time=format_time(now),
        )
    return key


def _refuse_waiting(key: EnrolledKey) -> None:
    if key.is_waiting:
        raise RefusalError(
            ProblemType.KEY_NOT_APPROVED,
            "this key waits for approval: ask whoever runs the sink to approve key "
            f"{key.public.key_id}",
        )


def _check_signature(claim: PresentedSignature, key: EnrolledKey) -> None:
    if not key.public.verifies(claim.signature, claim.base):
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_INVALID,
            "the signature does not verify over this request, expected method, authority, path "
            "and headers as they were signed",
        )
