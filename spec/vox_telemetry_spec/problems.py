"""The status table of the wire spec: every problem a sink answers with, and the client's duty.

One table for both ends. The sink picks a `ProblemType`; the client reads the HTTP status, since a
proxy in between may answer too, and `duty_for_status` gives the row that wire 7 prescribes.
"""

from enum import Enum, StrEnum
from http import HTTPStatus

import msgspec

from vox_telemetry_spec.violations import Violation

TYPE_PREFIX = "urn:vox-telemetry:problem:"


class Duty(StrEnum):
    """What a client must do with a batch after an answer (wire 7)."""

    ACKNOWLEDGE = "acknowledge"
    SET_ASIDE = "set_aside"
    SPLIT = "split"
    STOP = "stop"
    RETRY = "retry"


class ProblemType(Enum):
    """Slug, HTTP status and title of each reason for a refusal."""

    BODY_MALFORMED = ("body-malformed", 400, "the body is not strict JSON in its declared coding")
    BODY_TRUNCATED = ("body-truncated", 400, "the body ended early")
    CONTENT_DIGEST_MISSING = ("content-digest-missing", 400, "no usable Content-Digest header")
    CONTENT_DIGEST_MISMATCH = (
        "content-digest-mismatch",
        400,
        "the body is not the one that Content-Digest names",
    )
    IDEMPOTENCY_KEY_MISSING = ("idempotency-key-missing", 400, "no usable Idempotency-Key header")
    IDEMPOTENCY_KEY_MISMATCH = (
        "idempotency-key-mismatch",
        400,
        "Idempotency-Key and batch_id differ",
    )
    TOKEN_INVALID = ("token-invalid", 401, "the bearer token is missing or wrong")
    SIGNATURE_MISSING = ("signature-missing", 401, "no signature with the tag of this request")
    SIGNATURE_MALFORMED = ("signature-malformed", 401, "the signature headers cannot be read")
    SIGNATURE_AMBIGUOUS = ("signature-ambiguous", 401, "more than one signature with our tag")
    SIGNATURE_COVERAGE = ("signature-coverage", 401, "the signature covers too little")
    SIGNATURE_ALGORITHM = ("signature-algorithm", 401, "the algorithm is not ed25519")
    SIGNATURE_STALE = ("signature-stale", 401, "created is outside the window")
    SIGNATURE_INVALID = ("signature-invalid", 401, "the signature does not verify")
    KEY_UNKNOWN = ("key-unknown", 401, "no such key is enrolled")
    KEY_EXPIRED = ("key-expired", 401, "the key's validity is over")
    KEY_NOT_YET_VALID = ("key-not-yet-valid", 401, "the key's validity has not begun")
    KEY_REVOKED = ("key-revoked", 403, "the key is revoked")
    KEY_NOT_APPROVED = ("key-not-approved", 403, "the key waits for approval")
    ENROLMENT_CODE_REFUSED = (
        "enrolment-code-refused",
        403,
        "this enrolment code does not enrol this key",
    )
    NOT_FOUND = ("not-found", 404, "nothing is served here")
    METHOD_NOT_ALLOWED = ("method-not-allowed", 405, "this method is not served here")
    RECEIVE_TIMEOUT = ("receive-timeout", 408, "the request took too long to arrive")
    BATCH_ID_REUSED = ("batch-id-reused", 409, "this batch id is bound to other bytes")
    BODY_TOO_LARGE = ("body-too-large", 413, "the body is larger than the limit")
    MEDIA_TYPE_UNSUPPORTED = ("media-type-unsupported", 415, "the media type is not served here")
    CODING_UNSUPPORTED = ("coding-unsupported", 415, "the content coding is not served here")
    CONTRACT_REFUSED = ("contract-refused", 422, "the batch breaks the contract")
    RATE_LIMITED = ("rate-limited", 429, "too many requests")
    INTERNAL = ("internal", 500, "the sink failed")
    OVERLOADED = ("overloaded", 503, "the sink has more waiting than it can take")
    STORE_UNAVAILABLE = ("store-unavailable", 503, "the database does not answer")

    def __init__(self, slug: str, status: int, title: str) -> None:
        """Unpack the row."""
        self.slug = slug
        self.status = status
        self.title = title

    @property
    def uri(self) -> str:
        """The RFC 9457 `type` member."""
        return TYPE_PREFIX + self.slug


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An RFC 9457 problem document; `sink_time` lets a client correct its clock (wire 6.4)."""

    type: str = "about:blank"
    title: str = ""
    status: int = 0
    detail: str = ""
    sink_time: str = ""
    violations: list[Violation] = []


_SERVER_ERRORS = 5  # of 5xx; RFC 9110 section 15 knows no class above
_RETRY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_SET_ASIDE = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}


def duty_for_status(status: int) -> Duty:
    """Return the duty of wire 7 for a final HTTP status that carries no matching receipt.

    A 2xx without a receipt is no acknowledgement, and a status that the table does not name comes
    from something that is no sink: both stop the run, since nothing is known about the batch.
    """
    if status // 100 == _SERVER_ERRORS or status in _RETRY:
        return Duty.RETRY
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Duty.SPLIT
    if status in _SET_ASIDE:
        return Duty.SET_ASIDE
    return Duty.STOP
