"""Key vectors: a JWK as text, and its key id or a refusal (wire 6.1, RFC 7638, RFC 8037)."""

import base64
import json
from collections.abc import Iterator

from vector_cases.form import Json, document, invalid, note, raw, text, valid
from vector_cases.message import ALICE, KEYS, base64url, key_id

NOTES = {
    "Plain": note("BASIC", "A public Ed25519 key.", "Nobody can enrol."),
    "Rfc": note("BASIC", "The example of RFC 8037 appendix A.3.", "No other tool agrees."),
    "Form": note("EDGE_CASE", "Order, white space and further members.", "One key, two key ids."),
    "Private": note("SECRET_LEAK", "The JWK holds the private half.", "A secret is spread."),
    "OtherKind": note("TYPE_CONFUSION", "Another key type or curve.", "Algorithm confusion."),
    "Encoding": note(
        "PARSER_DIFFERENTIAL", "`x` is not 43 characters of canonical base64url.",
        "One key has many spellings, so a revoked one comes back.",
    ),
    "SmallOrder": note(
        "WEAK_KEY", "A point of small order (RFC 8032 section 5.1.7).",
        "One signature verifies for many messages.",
    ),
    "NotCanonical": note(
        "WEAK_KEY", "y is not below the field's prime (RFC 8032 section 5.1.3).",
        "One key has two key ids.",
    ),
    "Malformed": note("PARSER", "No JWK.", "A crash of the enrolling program."),
}  # fmt: skip
_RFC_X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
_RFC_ID = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
_P = 2**255 - 19
_SIGN = 1 << 255
_ORDER_8_Y = (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)


def vectors() -> Json:
    """Return key.v1.json."""
    return document("key", NOTES, [*_valid(), *_invalid()])


def _jwk(x: str, **members: object) -> Json:
    return text(json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x} | members))


def _valid() -> Iterator[Json]:
    rfc = {"expected": {"keyid": _RFC_ID}}
    yield valid("RFC 8037 A.3", "Plain Rfc", jwk=_jwk(_RFC_X), **rfc)
    for key in KEYS:
        public = key.private.public_key().public_bytes_raw()
        yield valid(
            f"the key {key.name}", "Plain", jwk=_jwk(base64url(public)),
            expected={"keyid": key_id(public)},
        )  # fmt: skip
    members = '"x":"' + _RFC_X + '","kty":"OKP","crv":"Ed25519"'
    for what, jwk in {
        "another order": text("{" + members + "}"),
        "white space": text("\n{ " + members.replace(",", " ,\n") + " }\n"),
        "further members": _jwk(_RFC_X, use="sig", alg="EdDSA", kid="mine", key_ops=["verify"]),
        "escaped letters": text("{" + members.replace('"kty"', '"\\u006bty"') + "}"),
    }.items():
        yield valid(what, "Form", jwk=jwk, **rfc)


def _invalid() -> Iterator[Json]:
    yield invalid("with d", "Private", jwk=_jwk(_RFC_X, d=base64url(ALICE.seed)))
    yield invalid("with an empty d", "Private", jwk=_jwk(_RFC_X, d=""))
    for members in (
        {"kty": "EC"}, {"kty": "okp"}, {"kty": None}, {"crv": "X25519"}, {"crv": "Ed448"},
        {"crv": "ed25519"}, {"crv": 1},
    ):  # fmt: skip
        yield invalid(f"{members}", "OtherKind", jwk=_jwk(_RFC_X, **members))
    for member in ("kty", "crv", "x"):
        jwk = {"crv": "Ed25519", "kty": "OKP", "x": _RFC_X}
        del jwk[member]
        yield invalid(f"no {member}", "Malformed", jwk=text(json.dumps(jwk)))
    yield from _encodings()
    yield from _points()
    for source in ("", "null", "[]", '"x"', "{", "x", "[" * 5_000):
        comment = f"the text {source}" if len(source) < 9 else "5,000 arrays"  # noqa: PLR2004 (a width to show)
        yield invalid(comment, "Malformed", jwk=text(source))
    yield invalid("bytes that are not UTF-8", "Malformed", jwk=raw(b"\xff\xfe"))


def _encodings() -> Iterator[Json]:
    public = base64.urlsafe_b64decode(_RFC_X + "=")
    for what, x in {
        "padding": _RFC_X + "=",
        "the other alphabet": _RFC_X.replace("_", "/"),
        "31 bytes": base64url(public[:-1]),
        "33 bytes": base64url(public + b"\0"),
        "64 bytes": base64url(public + public),
        "empty": "",
        "hex": public.hex(),
        "a space before": " " + _RFC_X,
        "a line break after": _RFC_X + "\n",
        "unused bits set": _RFC_X[:-1] + "p",
        "a letter beyond ASCII": _RFC_X[:-1] + "\u00e9",
    }.items():
        yield invalid(f"x: {what}", "Encoding", jwk=_jwk(x))
    yield invalid("x is a number", "Encoding", jwk=text('{"kty":"OKP","crv":"Ed25519","x":1}'))


def _points() -> Iterator[Json]:
    order_8 = [int.from_bytes(bytes.fromhex(y), "little") for y in _ORDER_8_Y]
    for y in (0, 1, _P - 1, *order_8, _P, _P + 1):
        for sign in (0, _SIGN):
            encoded = (y | sign).to_bytes(32, "little")
            flags = "SmallOrder NotCanonical" if y >= _P else "SmallOrder"
            yield invalid(f"the point {encoded.hex()}", flags, jwk=_jwk(base64url(encoded)))
    for y in (_P + 3, _P + 18):
        encoded = y.to_bytes(32, "little")
        yield invalid(f"y is p + {y - _P}", "NotCanonical", jwk=_jwk(base64url(encoded)))
