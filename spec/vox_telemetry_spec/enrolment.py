"""The enrolment of a key (wire 11): the one-time code, the request and the receipt. Pure.

A sink reads a request in this order: `read_enrolment` gives the key and the code as presented; the
caller then checks that this key signed the request; only then `read_code` looks at the code.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from vox_telemetry_spec.errors import EnrolmentRefusedError, JsonRefusedError, KeyRefusedError
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.limits import (
    ENROLMENT_CODE_CHARS,
    ENROLMENT_MAX_BYTES,
    IDENTIFIER_MAX_CHARS,
    KEY_FAMILIES_MAX_COUNT,
    KEY_NAME_MAX_CHARS,
)
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.strict_json import JsonValue, decode
from vox_telemetry_spec.times import parse_time
from vox_telemetry_spec.wire import (
    ENROLMENT_RECEIPT_SCHEMA,
    ENROLMENT_SCHEMA,
    OLD_ENROLMENT_RECEIPT_SCHEMA,
)

# Crockford base32 (crockford.com/base32.html): no I, L, O, U; the first three are read as digits.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_AS_READ: Final = str.maketrans("ILO", "110", "-")
_GROUP_CHARS: Final = 5

Sensitivity: TypeAlias = Literal["S0", "S1", "S2"]  # what a key may be allowed; S3 never


@dataclass(frozen=True)
class EnrolmentCode:
    """A one-time code in its one spelling; `shown` is for the operator, `sha256` for the sink."""

    characters: str = field(repr=False)

    @property
    def shown(self) -> str:
        """The code in groups of five, as it is handed over: `XXXXX-XXXXX-XXXXX-XXXXX`."""
        starts = range(0, ENROLMENT_CODE_CHARS, _GROUP_CHARS)
        return "-".join(self.characters[start : start + _GROUP_CHARS] for start in starts)

    @property
    def sha256(self) -> bytes:
        """What a sink keeps: 100 random bits need no salt and no slow hash against guessing."""
        return hashlib.sha256(self.characters.encode("ascii")).digest()


def make_code(randomness: bytes) -> EnrolmentCode:
    """Return a code of `ENROLMENT_CODE_CHARS` characters, five bits of each random byte.

    Raises:
        ValueError: another number of bytes.

    """
    if len(randomness) != ENROLMENT_CODE_CHARS:
        raise ValueError(f"got {len(randomness)} random bytes, expected {ENROLMENT_CODE_CHARS}")
    return EnrolmentCode("".join(_ALPHABET[byte % len(_ALPHABET)] for byte in randomness))


def read_code(text: str) -> EnrolmentCode:
    """Return the code that a person typed: any case, dashes anywhere, I and L for 1, O for 0.

    Raises:
        EnrolmentRefusedError: not a code.

    """
    characters = text.strip().upper().translate(_AS_READ) if text.isascii() else ""
    if len(characters) != ENROLMENT_CODE_CHARS or not set(characters) <= set(_ALPHABET):
        raise EnrolmentRefusedError(
            ProblemType.ENROLMENT_CODE_REFUSED,
            f"this is no enrolment code, expected {ENROLMENT_CODE_CHARS} letters and digits as "
            "XXXXX-XXXXX-XXXXX-XXXXX",
        )
    return EnrolmentCode(characters)


class PublicJwk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public key as documents hold it, in the member order of RFC 7638 section 3."""

    crv: Literal["Ed25519"]
    kty: Literal["OKP"]
    x: str

    def read(self) -> PublicKey:
        """Return the key.

        Raises:
            KeyRefusedError: not a usable one.

        """
        return PublicKey.from_jwk(msgspec.json.encode(self))


class _Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: Literal["vox.key-enrolment.v1"]
    code: Annotated[str, msgspec.Meta(max_length=4 * ENROLMENT_CODE_CHARS)]
    public_key: PublicJwk


@dataclass(frozen=True)
class Enrolment:
    """Who asks to be enrolled, and the code as presented: unread, and in no repr."""

    key: PublicKey
    code: str = field(repr=False)


def write_enrolment(code: EnrolmentCode, key: PublicKey) -> bytes:
    """Return the body of `POST /v1/keys`."""
    jwk = msgspec.convert(key.jwk, PublicJwk)
    return msgspec.json.encode({"schema": ENROLMENT_SCHEMA, "code": code.shown, "public_key": jwk})


def read_enrolment(body: bytes) -> Enrolment:
    """Return what a body asks for; whether the key signed it and the code is good is not known yet.

    Raises:
        EnrolmentRefusedError: too long, not strict JSON, not the closed document of wire 11.1, or
            not a usable key.

    """
    if len(body) > ENROLMENT_MAX_BYTES:
        raise EnrolmentRefusedError(
            ProblemType.BODY_TOO_LARGE,
            f"the enrolment has {len(body)} bytes, expected at most {ENROLMENT_MAX_BYTES}",
        )
    try:
        request = msgspec.convert(decode(body), _Request)
        return Enrolment(request.public_key.read(), request.code)
    except JsonRefusedError as exc:
        raise _malformed(f"the enrolment is not strict JSON: {exc.rule}") from exc
    except msgspec.ValidationError as exc:
        # Its message is left out: it can repeat a member's name as sent.
        raise _malformed(
            "the enrolment is not the document of wire 11.1, expected schema, code and public_key"
        ) from exc
    except KeyRefusedError as exc:
        raise _malformed(f"public_key cannot be used: {exc}") from exc


def _malformed(reason: str) -> EnrolmentRefusedError:
    return EnrolmentRefusedError(ProblemType.BODY_MALFORMED, reason)


class EnrolmentReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a sink answers: the key's rights, and the key that it signs receipts with, if any.

    `families` null means all families of the allowed sensitivity, `not_after` null no end, and
    `approved_at` null that the key waits for approval (wire 11.6).
    """

    schema: Literal["vox.key-enrolment-receipt.v2"]
    key_id: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{43}\Z")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=KEY_NAME_MAX_CHARS)]
    max_sensitivity: Sensitivity
    families: (
        Annotated[
            list[
                Annotated[
                    str,
                    msgspec.Meta(pattern=r"\A[a-z0-9_.-]+\Z", max_length=IDENTIFIER_MAX_CHARS),
                ]
            ],
            msgspec.Meta(min_length=1, max_length=KEY_FAMILIES_MAX_COUNT),
        ]
        | None
    )
    enrolled_at: str
    not_after: str | None
    sink_key: PublicJwk | None
    approved_at: str | None

    def encode(self) -> bytes:
        """Return the receipt as JSON."""
        return msgspec.json.encode(self)

    def encode_old(self) -> bytes:
        """Return the receipt as v1, for a client that does not know v2; it cannot tell approval."""
        members = msgspec.structs.asdict(self) | {"schema": OLD_ENROLMENT_RECEIPT_SCHEMA}
        del members["approved_at"]
        return msgspec.json.encode(members)


def read_enrolment_receipt(body: bytes) -> EnrolmentReceipt | None:
    """Return the receipt in an answer's body, or None: a login page enrols nobody.

    The caller compares `key_id` with its own. A name that is not printable is no name: it would
    reach a terminal. A sink that answers v1 has no keys that wait.
    """
    try:
        read = msgspec.convert(_as_newest(decode(body)), EnrolmentReceipt)
        if read.sink_key is not None:
            read.sink_key.read()
    except (JsonRefusedError, msgspec.ValidationError, KeyRefusedError):
        return None
    times = (read.enrolled_at, read.not_after, read.approved_at)
    if not read.name.isprintable() or any(
        time is not None and parse_time(time) is None for time in times
    ):
        return None
    return read


def _as_newest(document: JsonValue) -> JsonValue:
    """Return a receipt of v1 as v2 says the same; anything else is left to be judged."""
    if (
        isinstance(document, dict)
        and document.get("schema") == OLD_ENROLMENT_RECEIPT_SCHEMA
        and "approved_at" not in document
    ):
        approved = {"approved_at": document.get("enrolled_at")}
        return document | {"schema": ENROLMENT_RECEIPT_SCHEMA} | approved
    return document
