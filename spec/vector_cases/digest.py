"""Digest vectors: a body and the Content-Digest that came with it (RFC 9530)."""

import base64
import hashlib
from collections.abc import Iterator

from vector_cases.form import Json, concat, document, invalid, note, octets, raw, text, valid
from vector_cases.message import PAYLOAD, gzip_stored, sha256_digest

NOTES = {
    "Plain": note("BASIC", "The header that our client writes for this body.", "Nothing works."),
    "Rfc": note("BASIC", "An example of RFC 9530 itself.", "No other implementation agrees."),
    "Bytes": note(
        "WRONG_PRIMITIVE",
        "Bodies whose bytes and characters differ, coded ones, empty and large.",
        "The digest is of characters, or of the decoded body.",
    ),
    "OtherAlgorithm": note(
        "CAN_OF_WORMS",
        "Digests of other algorithms are ignored; alone they do not do.",
        "An honest sender is refused, or a weak digest is believed.",
    ),
    "Mismatch": note("MISSING_STEP", "The digest of other bytes.", "An altered body is stored."),
    "Malformed": note(
        "PARSER",
        "No dictionary of RFC 9651, or no sha-256 member.",
        "The check is skipped.",
    ),
    "Duplicate": note(
        "PARSER_DIFFERENTIAL",
        "sha-256 occurs twice.",
        "Two readers compare two digests.",
    ),
}
_HELLO = '{"hello": "world"}\n'
_RFC_HELLO = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"  # RFC 9530 appendix B.1
_SHA_512 = base64.b64encode(hashlib.sha512(_HELLO.encode()).digest()).decode()
_MISSING, _MISMATCH = "content-digest-missing", "content-digest-mismatch"

_ENCODED = _RFC_HELLO[len("sha-256=") :]
_STRIPPED = sha256_digest(_HELLO.strip().encode())
_DIGITS = base64.b64encode(hashlib.sha256(_HELLO.encode()).hexdigest().encode()).decode()
_INVALID: tuple[tuple[str, str, str | None, str], ...] = (
    ("no header", "Malformed", None, _MISSING),
    ("empty", "Malformed", "", _MISSING),
    ("sha-512 only", "OtherAlgorithm", f"sha-512=:{_SHA_512}:", _MISSING),
    ("the algorithm in upper case", "Malformed", f"SHA-256={_ENCODED}", _MISSING),
    ("the algorithm without its dash", "Malformed", f"sha256={_ENCODED}", _MISSING),
    ("without colons", "Malformed", f"sha-256={_ENCODED[1:-1]}", _MISSING),
    ("not base64", "Malformed", "sha-256=:not base64:", _MISSING),
    ("not ASCII", "Malformed", "sha-256=:\u00e9:", _MISSING),
    ("a comma at the end", "Malformed", f"{_RFC_HELLO},", _MISSING),
    ("twice, the same", "Duplicate", f"{_RFC_HELLO}, {_RFC_HELLO}", _MISSING),
    ("a wrong one, then the right one", "Duplicate", f"sha-256=:AAAA:, {_RFC_HELLO}", _MISSING),
    ("the right one, then a wrong one", "Duplicate", f"{_RFC_HELLO}, sha-256=:AAAA:", _MISSING),
    ("of the body without its line break", "Mismatch", _STRIPPED, _MISMATCH),
    ("of the empty body", "Mismatch", sha256_digest(b""), _MISMATCH),
    ("no bytes", "Mismatch", "sha-256=::", _MISMATCH),
    ("half of it", "Mismatch", "sha-256=:RK/0qy18MlBSVnWgjwz6lQ==:", _MISMATCH),
    ("the sha-512 under the name of sha-256", "Mismatch", f"sha-256=:{_SHA_512}:", _MISMATCH),
    ("the hex digits in base64", "Mismatch", f"sha-256=:{_DIGITS}:", _MISMATCH),
)  # fmt: skip


def vectors() -> Json:
    """Return digest.v1.json."""
    return document("digest", NOTES, [*_valid(), *_invalid()])


def _valid() -> Iterator[Json]:
    bodies = {
        "a payload": text(PAYLOAD),
        "an empty body": text(""),
        "one zero byte": raw(b"\0"),
        "all bytes": raw(bytes(range(256))),
        "two-, three- and four-byte characters": text("\u00e9\u20ac\U0001f4e6"),
        "the same character, decomposed": text("e\u0301"),
        "a payload in gzip": raw(gzip_stored(PAYLOAD.encode())),
        "the largest body": concat(("x", 1_048_576)),
    }
    for what, body in bodies.items():
        flags = "Plain" if what == "a payload" else "Plain Bytes"
        yield valid(what, flags, body=body, header=sha256_digest(octets(body)))
    yield valid("RFC 9530 appendix B.1", "Plain Rfc", body=text(_HELLO), header=_RFC_HELLO)
    for what, header in {
        "sha-512 before": f"sha-512=:{_SHA_512}:, {_RFC_HELLO}",
        "sha-512 after": f"{_RFC_HELLO}, sha-512=:{_SHA_512}:",
        "a wrong sha-512": f"{_RFC_HELLO}, sha-512=:AAAA:",
        "md5": f"md5=:AAAA:, {_RFC_HELLO}",
        "no space after the comma": f"sha-512=:{_SHA_512}:,{_RFC_HELLO}",
        "a parameter": f"{_RFC_HELLO};a=1",
    }.items():
        yield valid(what, "OtherAlgorithm", body=text(_HELLO), header=header)


def _invalid() -> Iterator[Json]:
    for comment, flag, header, problem in _INVALID:
        yield invalid(
            comment, flag, body=text(_HELLO), header=header, expected={"problem": problem}
        )
    yield invalid(
        "a decomposed character, with the digest of the composed one", "Mismatch Bytes",
        body=text("e\u0301"), header=sha256_digest("\u00e9".encode()),
        expected={"problem": _MISMATCH},
    )  # fmt: skip
