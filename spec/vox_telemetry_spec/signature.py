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

from collections.abc import Mapping
from dataclasses import dataclass

from vox_telemetry_spec.errors import FieldRefusedError, SignatureRefusedError
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.limits import NONCE_MIN_CHARS, SIGNATURE_MAX_SKEW_S
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature_base import SignableRequest, signature_base
from vox_telemetry_spec.structured_fields import (
    Component,
    Params,
    parse_dictionary,
    serialise_bytes,
    serialise_inner_list,
)
from vox_telemetry_spec.wire import (
    BATCH_SIGNATURE,
    CONTENT_ENCODING,
    SIGNATURE_ALGORITHM,
    SIGNATURE_LABEL,
    SignatureProfile,
)


@dataclass(frozen=True)
class PresentedSignature:
    """What a request claims, with the bytes that the claim must verify over."""

    key_id: str
    created: int
    base: bytes
    signature: bytes
    expires: int | None = None


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
    return {
        "signature-input": f"{SIGNATURE_LABEL}={serialise_inner_list(components, params)}",
        "signature": f"{SIGNATURE_LABEL}={serialise_bytes(signature)}",
    }


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
    members = _dictionary("Signature-Input", signature_input)
    label, components, params = _ours(members, profile.tag)
    if not _is_string(params.get("alg"), SIGNATURE_ALGORITHM):
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_ALGORITHM, 'alg is not ed25519, expected alg="ed25519"'
        )
    key_id, created = _key_id(params), _seconds("created", params.get("created"))
    expires = _seconds("expires", params["expires"]) if "expires" in params else None
    _nonce(params)
    covered = [name for name, _ in components]
    missing = [name for name in _must_cover(request, profile) if name not in covered]
    if missing:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_COVERAGE,
            f"the signature does not cover {', '.join(missing)}, expected all of wire 6.2",
        )
    presented, _ = _dictionary("Signature", signature).get(label, (None, {}))
    if not isinstance(presented, bytes):
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED,
            "Signature has no byte sequence under the label of Signature-Input",
        )
    base = signature_base(request, components, params)
    return PresentedSignature(key_id, created, base, presented, expires)


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


def _dictionary(name: str, header: str | None) -> dict[str, tuple[object, Params]]:
    if header is None:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MISSING, f"got no {name} header, expected one (RFC 9421)"
        )
    try:
        return parse_dictionary(name, header)
    except FieldRefusedError as exc:
        raise SignatureRefusedError(ProblemType.SIGNATURE_MALFORMED, str(exc)) from exc


def _ours(
    members: Mapping[str, tuple[object, Params]], tag: str
) -> tuple[str, list[Component], Params]:
    found = [
        (label, components, params)
        for label, (components, params) in members.items()
        if _is_string(params.get("tag"), tag)
    ]
    if not found:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MISSING, f"got no signature with the tag {tag}"
        )
    if len(found) > 1:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_AMBIGUOUS,
            f"got {len(found)} signatures with the tag {tag}, expected one",
        )
    label, components, params = found[0]
    if not isinstance(components, list):
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED, "Signature-Input holds no list of components"
        )
    return label, components, params


def _is_string(value: object, expected: str) -> bool:
    """Tell the string (RFC 9421 section 2.3) from a token, which compares equal to it."""
    return type(value) is str and value == expected


def _key_id(params: Params) -> str:
    key_id = params.get("keyid")
    if type(key_id) is not str:
        raise SignatureRefusedError(ProblemType.SIGNATURE_MALFORMED, "keyid is no string")
    return key_id


def _seconds(name: str, value: object) -> int:
    if type(value) is not int:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED,
            f"{name} is no integer, expected seconds (RFC 9421 2.3)",
        )
    return value


def _nonce(params: Params) -> None:
    nonce = params.get("nonce")
    if type(nonce) is not str or len(nonce) < NONCE_MIN_CHARS:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED,
            f"nonce is no string of at least {NONCE_MIN_CHARS} characters",
        )
