"""The signing profiles (wire 6, 11.2): RFC 9421 over the request, Ed25519, one with our tag.

Each profile (tag and what must be covered) is defined once, in `wire`: a batch is not signed as an
enrolment and an enrolment not as a batch, since the tag is signed too and picks the profile's
signature. What is said below of a batch holds for both.

`sign_request` is the client's half. The sink's half comes in the order in which it must happen:
(1) `read_signature` finds the one signature with our tag, checks that it covers what it must and
rebuilds the signature base; (2) the caller looks up the key by `keyid`, which alone proves
nothing; (3) `check_fresh`; (4) `PublicKey.verifies(signature, base)`; (5) `check_content_digest`.

Not checked here: whether a nonce was seen before. A replay inside the window is a duplicate of a
batch that is already stored and changes nothing (wire 6.5).
"""

from dataclasses import dataclass

from vox_telemetry_spec.errors import SignatureRefusedError
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.limits import NONCE_MIN_CHARS, SIGNATURE_MAX_SKEW_S
from vox_telemetry_spec.plain_fields import Component, Params
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature_base import SignableRequest, signature_base
from vox_telemetry_spec.signature_fields import (
    check_algorithm,
    key_id_of,
    presented_bytes,
    seconds_of,
    signature_member,
    written_fields,
)
from vox_telemetry_spec.wire import (
    BATCH_SIGNATURE,
    CONTENT_ENCODING,
    SIGNATURE_ALGORITHM,
    SignatureProfile,
)


@dataclass(frozen=True)
class PresentedSignature:
    """What a request claims, with the bytes that the claim must verify over.

    `label` and `covered` are those of Signature-Input, `covered` without the derived components.
    """

    key_id: str
    created: int
    base: bytes
    signature: bytes
    expires: int | None
    label: str
    covered: tuple[str, ...]


def sign_request(
    request: SignableRequest,
    key: SigningKey,
    *,
    created: int,
    nonce: str,
    profile: SignatureProfile = BATCH_SIGNATURE,
) -> dict[str, str]:
    """Return the `signature-input` and `signature` headers for `request`.

    `created` is in seconds since the epoch, `nonce` fresh randomness of at least 16 characters.
    """
    components: list[Component] = [(name, {}) for name in _must_cover(request, profile)]
    params: Params = {
        "created": created,
        "keyid": key.public.key_id,
        "alg": SIGNATURE_ALGORITHM,
        "nonce": nonce,
        "tag": profile.tag,
    }
    signature = key.sign(signature_base(request, components, params))
    return written_fields(components, params, signature)


def read_signature(
    request: SignableRequest,
    signature_input: str | None,
    signature: str | None,
    *,
    profile: SignatureProfile = BATCH_SIGNATURE,
) -> PresentedSignature:
    """Return the one signature with the profile's tag; whether it verifies is not known yet.

    Raises:
        SignatureRefusedError: none, more than one, unreadable, another algorithm, or one that
            covers less than wire 6.2 (11.2 for an enrolment) asks for.

    """
    label, components, params = signature_member(signature_input, profile.tag)
    check_algorithm(params)
    key_id, created = key_id_of(params), seconds_of("created", params.get("created"))
    expires = seconds_of("expires", params["expires"]) if "expires" in params else None
    _nonce(params)
    covered = [name for name, _ in components]
    missing = [name for name in _must_cover(request, profile) if name not in covered]
    if missing:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_COVERAGE,
            f"the signature does not cover {', '.join(missing)}, expected all of wire 6.2",
        )
    presented = presented_bytes(signature, label)
    base = signature_base(request, components, params)
    fields = tuple(str(name) for name in covered if not str(name).startswith("@"))
    return PresentedSignature(key_id, created, base, presented, expires, label, fields)


def check_fresh(presented: PresentedSignature, *, now_s: float) -> None:
    """Check `created` against the sink's clock, both ways, and `expires` if given (wire 6.4).

    Raises:
        SignatureRefusedError: outside the window; nothing is said about the signature itself.

    """
    ahead_s = presented.created - now_s
    if abs(ahead_s) > SIGNATURE_MAX_SKEW_S:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_STALE,
            f"created is {abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} "
            f"the sink's clock, expected at most {SIGNATURE_MAX_SKEW_S} s",
        )
    if presented.expires is not None and now_s > presented.expires:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_STALE, "expires has passed by the sink's clock, sign again"
        )


def _must_cover(request: SignableRequest, profile: SignatureProfile) -> tuple[str, ...]:
    if CONTENT_ENCODING in request.fields:
        return (*profile.components, CONTENT_ENCODING)
    return profile.components


def _nonce(params: Params) -> None:
    nonce = params.get("nonce")
    if type(nonce) is not str or len(nonce) < NONCE_MIN_CHARS:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED,
            f"nonce is no string of at least {NONCE_MIN_CHARS} characters",
        )
