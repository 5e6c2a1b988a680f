"""Requests with spoilt headers, components, signature bytes or bases."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from vector_cases.form import Json
from vector_cases.message import (
    BOB,
    Draft,
    byte_sequence,
    draft,
    good_params,
    header_of,
    sha256_digest,
    signed,
    with_header,
)
from vector_cases.signature_good import joined

Row = tuple[str, str, Draft | Json, str]
_ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493  # RFC 8032 section 5.1
_GOOD = draft()
_INPUT, _SIGNATURE = "signature-input", "signature"


def requests() -> Iterator[Row]:
    """Yield comment, flag, request and problem."""
    yield from _headers()
    yield from _signature_headers()
    yield from _duplicates()
    yield from _components()
    yield from _digests()
    yield from _signature_bytes()
    yield from _bases()
    yield from _injections()


def _headers() -> Iterator[Row]:
    ours = signed(_GOOD)
    shown = header_of(ours, _INPUT)
    for name in (_INPUT, _SIGNATURE):
        yield f"no {name}", "Malformed", with_header(ours, name, None), "signature-missing"
    empty = with_header(ours, _INPUT, "")
    yield "an empty signature-input", "Malformed", empty, "signature-missing"
    unlabelled = with_header(ours, _SIGNATURE, f"other={byte_sequence(_GOOD.signature())}")
    yield "the signature under another label", "Malformed", unlabelled, "signature-malformed"
    for what, value in {
        "no dictionary": "vox=(",
        "not closed": shown[:-1],
        "not ASCII": shown.replace(";created", ";caf\u00e9=1;created"),
        "ends in a comma": f"{shown},",
        "a string instead of a list": 'vox="x"' + shown.partition(")")[2],
        "label in upper case": shown.replace("vox=", "VOX="),
    }.items():
        request = with_header(ours, _INPUT, value)
        yield f"signature-input: {what}", "Malformed", request, "signature-malformed"


def _signature_headers() -> Iterator[Row]:
    ours = signed(_GOOD)
    encoded = byte_sequence(_GOOD.signature())
    for what, value in {
        "a string": f'vox="{encoded[1:-1]}"',
        "a token": "vox=abc",
        "a boolean": "vox",
        "not base64": "vox=:*:",
        "a list": f"vox=({encoded})",
    }.items():
        request = with_header(ours, _SIGNATURE, value)
        yield f"signature: {what}", "WrongType", request, "signature-malformed"


def _duplicates() -> Iterator[Row]:
    ours = signed(_GOOD)
    for name in (_INPUT, _SIGNATURE):
        value = header_of(ours, name)
        twice = with_header(ours, name, f"{value}, {value}")
        yield f"the label twice in {name}", "Duplicate", twice, "signature-malformed"
        lines = {**ours, "headers": [*ours["headers"], [name, value]]}
        yield f"two lines of {name}", "Duplicate", lines, "signature-malformed"
    shown = header_of(ours, _INPUT)
    for parameter in ("created", "keyid", "alg", "nonce", "tag", "expires"):
        written = good_params(expires="1")[parameter]
        doubled = with_header(ours, _INPUT, f"{shown};{parameter}={written};{parameter}={written}")
        yield f"{parameter} twice", "Duplicate", doubled, "signature-malformed"
    again = replace(_GOOD, covered=(*_GOOD.covered, '"@method"'))
    yield "a component twice", "Duplicate", again, "signature-coverage"
    second = signed(draft(label="second"))
    yield "two signatures with our tag", "Ambiguous", joined(ours, second), "signature-ambiguous"
    strange = signed(draft(label="second", signer=BOB))
    yield "one of each of two keys", "Ambiguous", joined(strange, ours), "signature-ambiguous"


_COMPONENTS = (
    '"@query"',
    '"@target-uri"',
    '"@request-target"',
    '"@scheme"',
    '"@status"',
    '"@query-param";name="a"',
    '"@signature-params"',
    '"@unknown"',
    '"x-absent"',
    '"Content-Type"',
    '"content-digest";sf',
    '"content-digest";key="sha-256"',
    '"content-type";bs',
    '"content-type";tr',
    '"@method";req',
    "content-type",
)


def _components() -> Iterator[Row]:
    for item in _COMPONENTS:
        made = replace(_GOOD, covered=(*_GOOD.covered, item))
        yield f"covers {item} too", "ComponentKind", made, "signature-coverage"
    instead = tuple(f"{item};sf" if "digest" in item else item for item in _GOOD.covered)
    made = replace(_GOOD, covered=instead)
    yield "covers the digest with a parameter only", "ComponentKind", made, "signature-coverage"
    fields = {f"x-{number}": str(number) for number in range(11)}
    covered = (*_GOOD.covered, *(f'"{name}"' for name in fields))
    made = draft(headers=_GOOD.headers | fields, covered=covered)
    yield "17 components", "OverLimit", made, "signature-coverage"


def _digests() -> Iterator[Row]:
    for what, value in {
        "of another algorithm only": "sha-512=:AAAA:",
        "not a dictionary": "sha-256=(",
        "empty": "",
        "twice": f"{sha256_digest(b'')}, {_GOOD.headers['content-digest']}",
    }.items():
        made = draft(headers=_GOOD.headers | {"content-digest": value})
        yield f"signed with a digest {what}", "Malformed", made, "content-digest-missing"
    made = draft(headers=_GOOD.headers | {"content-digest": sha256_digest(b"{}")})
    yield "signed with the digest of another body", "Modified", made, "content-digest-mismatch"


def _signature_bytes() -> Iterator[Row]:
    good = _GOOD.signature()
    point, scalar = good[:32], int.from_bytes(good[32:], "little")
    flipped = bytes([good[0] ^ 1]) + good[1:]
    for what, value in {
        "empty": b"",
        "63 bytes": good[:-1],
        "65 bytes": good + b"\0",
        "128 bytes": good + good,
        "zero": bytes(64),
        "one bit flipped": flipped,
        "halves swapped": good[32:] + good[:32],
        "S is S plus the order": point + (scalar + _ED25519_ORDER).to_bytes(32, "little"),
        "S is the order minus S": point + (_ED25519_ORDER - scalar).to_bytes(32, "little"),
        "R is the neutral point, S zero": b"\x01" + bytes(63),
    }.items():
        request = with_header(signed(_GOOD), _SIGNATURE, f"vox={byte_sequence(value)}")
        yield f"the signature is {what}", "SignatureBytes", request, "signature-invalid"


def _bases() -> Iterator[Row]:
    params = _GOOD.signature_params.encode()
    for what, made in {
        "with a line break at the end": replace(_GOOD, spoil=lambda base: base + b"\n"),
        "with CRLF": replace(_GOOD, spoil=lambda base: base.replace(b"\n", b"\r\n")),
        "without @signature-params": replace(_GOOD, spoil=lambda b: b.rpartition(b"\n")[0]),
        "of the parameters only": replace(_GOOD, spoil=lambda _: params),
        "without quotes": replace(_GOOD, spoil=lambda base: base.replace(b'"@', b"@")),
        "hashed first": replace(_GOOD, spoil=lambda base: hashlib.sha512(base).digest()),
        "of the body": replace(_GOOD, spoil=lambda _: b"{}"),
        "empty": replace(_GOOD, spoil=lambda _: b""),
    }.items():
        yield f"a base {what}", "Base", made, "signature-invalid"
    for what, sent, meant in (
        ("the method in lower case", draft(method="post"), {"method": "POST"}),
        (
            "the authority in upper case",
            draft(authority="SINK.EXAMPLE"),
            {"authority": "sink.example"},
        ),
        ("the default port", draft(authority="sink.example:443"), {"authority": "sink.example"}),
        ("a decoded path", draft(path="/a b"), {"path": "/a%20b"}),
        ("the query", draft(path="/v1/batches?a=b"), {"path": "/v1/batches"}),
    ):
        yield f"a base with {what}", "Base", {**signed(sent), **meant}, "signature-invalid"


def _injections() -> Iterator[Row]:
    covered = (*_GOOD.covered, '"x-note"')
    for what, value in {
        "a line break": 'a\n"@method": GET',
        "a carriage return": 'a\r"@method": GET',
        "NUL": "a\0b",
        "an escape character": "a\x1bb",
        "DEL": "a\x7fb",
        "a letter beyond ASCII": "caf\u00e9",
    }.items():
        made = draft(headers=_GOOD.headers | {"x-note": value}, covered=covered)
        yield f"a covered value holds {what}", "Injection", made, "signature-malformed"
