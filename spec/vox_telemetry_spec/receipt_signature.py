"""Signed receipts (wire 13): RFC 9421 over the answer, bound to its request. Pure.

The sink's half is `sign_receipt`. The client's half is `check_receipt`, with the keys that it
trusts; what it needs for that, a `SignedReceipt`, can be kept and checked again at any time.

Not checked on purpose: whether `created` is recent. The signature covers that of the request, which
is fresh by its own nonce, and a proof must not expire.
"""

from collections.abc import Mapping

import msgspec

from vox_telemetry_spec.digest import check_content_digest, content_digest
from vox_telemetry_spec.errors import FieldRefusedError, SignatureRefusedError
from vox_telemetry_spec.keys import PublicKey, SigningKey
from vox_telemetry_spec.plain_fields import Component, Params
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature_base import signature_base
from vox_telemetry_spec.signature_fields import (
    check_algorithm,
    key_id_of,
    presented_bytes,
    seconds_of,
    signature_member,
    written_fields,
)
from vox_telemetry_spec.structured_fields import parse_dictionary, serialise_bytes
from vox_telemetry_spec.wire import (
    RECEIPT_MEDIA_TYPE,
    RECEIPT_SIGNATURE,
    SIGNATURE_ALGORITHM,
    SIGNATURE_LABEL,
)

_DIGEST, _TYPE, _REQUEST = "content-digest", "content-type", "signature"


class SignedReceipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer with all that its signature covers.

    `request_signature` is the batch's signature as its request carried it, in base64 between
    colons (RFC 9651 section 4.1.8), and `request_label` the label that it stood under.
    """

    status: int
    body: str
    content_type: str
    content_digest: str
    request_signature: str
    request_label: str = SIGNATURE_LABEL
    signature_input: str | None = None
    signature: str | None = None

    def value_of(self, component: str, params: Params) -> str | None:
        """Return a component's value, or None where it is none of wire 13.1."""
        if component == _REQUEST:
            return self.request_signature if self._is_of_request(params) else None
        values = {
            "@status": str(self.status),
            _DIGEST: self.content_digest,
            _TYPE: self.content_type,
        }
        return None if params else values.get(component)

    def _is_of_request(self, params: Params) -> bool:
        """Tell whether parameters name the batch's signature in the request (RFC 9421 2.4)."""
        label = params.get("key")
        return (
            set(params) == {"req", "key"}
            and params["req"] is True
            and type(label) is str  # a token compares equal to it
            and label == self.request_label
        )


def sign_receipt(
    body: bytes, status: int, request: tuple[str, bytes], key: SigningKey, *, created: int
) -> dict[str, str]:
    """Return the `content-digest`, `signature-input` and `signature` fields of a receipt.

    `request` is the label of the batch's signature and its bytes; `created` is in seconds since
    the epoch.
    """
    label, signature = request
    answer = SignedReceipt(
        status,
        body.decode(),
        RECEIPT_MEDIA_TYPE,
        content_digest(body),
        serialise_bytes(signature),
        label,
    )
    components: list[Component] = [
        (name, {"req": True, "key": label} if name == _REQUEST else {})
        for name in RECEIPT_SIGNATURE.components
    ]
    params: Params = {
        "created": created,
        "keyid": key.public.key_id,
        "alg": SIGNATURE_ALGORITHM,
        "tag": RECEIPT_SIGNATURE.tag,
    }
    made = key.sign(signature_base(answer, components, params))
    return {_DIGEST: answer.content_digest} | written_fields(components, params, made)


def signed_receipt(
    status: int, fields: Mapping[str, str], body: bytes, request_fields: Mapping[str, str]
) -> SignedReceipt:
    """Return an answer as its signature, if there is one, must be checked; nothing is checked yet.

    `fields` are the answer's and `request_fields` the request's, with lower-case names.

    Raises:
        SignatureRefusedError: the body is not UTF-8, or the request has no signature of ours.

    """
    try:
        text = body.decode()
        members = parse_dictionary("Signature", request_fields.get(_REQUEST, ""))
        sent, _ = members[SIGNATURE_LABEL]
    except (UnicodeDecodeError, FieldRefusedError, KeyError) as exc:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED,
            "the receipt is not UTF-8, or its request had no signature",
        ) from exc
    if not isinstance(sent, bytes):
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED, "the request's signature is no byte sequence"
        )
    return SignedReceipt(
        status,
        text,
        fields.get(_TYPE, ""),
        fields.get(_DIGEST, ""),
        serialise_bytes(sent),
        SIGNATURE_LABEL,
        fields.get("signature-input"),
        fields.get("signature"),
    )


def receipt_key_id(answer: SignedReceipt) -> str:
    """Return the id of the key that an answer claims to be signed with.

    Raises:
        SignatureRefusedError: it carries no signature with the tag of a receipt.

    """
    _, _, params = signature_member(answer.signature_input, RECEIPT_SIGNATURE.tag)
    return key_id_of(params)


def check_receipt(answer: SignedReceipt, keys: Mapping[str, PublicKey]) -> None:
    """Check that one of `keys`, by their ids, signed this answer to this request (wire 13.3).

    Raises:
        SignatureRefusedError: no signature, one that covers too little, of another key, or that
            does not verify; or a body that is not the one that was signed.

    """
    label, components, params = signature_member(answer.signature_input, RECEIPT_SIGNATURE.tag)
    check_algorithm(params)
    key = keys.get(key_id_of(params))
    seconds_of("created", params.get("created"))
    if "expires" in params:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED, "the receipt expires, expected a proof that does not"
        )
    covered = [name for name, _ in components]
    if missing := [name for name in RECEIPT_SIGNATURE.components if name not in covered]:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_COVERAGE,
            f"the receipt's signature does not cover {', '.join(missing)}, expected all of "
            "wire 13.1",
        )
    signature = presented_bytes(answer.signature, label)
    base = signature_base(answer, components, params)
    if key is None:
        raise SignatureRefusedError(
            ProblemType.KEY_UNKNOWN, "the receipt is signed with another key than the pinned one"
        )
    if not key.verifies(signature, base):
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_INVALID, "the receipt's signature does not verify"
        )
    check_content_digest(answer.content_digest, answer.body.encode())
