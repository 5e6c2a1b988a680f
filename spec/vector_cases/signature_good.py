"""Requests that verify."""

import hashlib
from collections.abc import Iterator

from vector_cases.form import Json, concat, octets, raw, text, valid
from vector_cases.message import (
    ALICE,
    BOB,
    NOW,
    PAYLOAD,
    Draft,
    draft,
    good_params,
    gzip_stored,
    sha256_digest,
    signed,
    with_header,
    zstd_raw,
)

CODED_BODY_MAX_BYTES = 1_048_576
SKEW_S = 300
_COVERED = draft().covered


def cases() -> Iterator[Json]:
    """Yield the valid cases."""
    yield from _as_our_client_signs()
    yield from _bodies()
    yield from _times()
    yield from _orders()
    yield from _field_values()
    yield from _beside_others()


def _good(
    comment: str,
    flags: str,
    made: Draft,
    *,
    now: float = NOW,
    request: Json | None = None,
    payload: bytes | None = None,
    **members: object,
) -> Json:
    decoded = octets(made.body) if payload is None else payload
    expected = {
        "keyid": made.signer.id,
        "base": made.base,
        "payload_sha256": hashlib.sha256(decoded).hexdigest(),
    }
    sent = signed(made) if request is None else request
    return valid(comment, flags, request=sent, now=now, **members, expected=expected)


def _ours(comment: str, flags: str, made: Draft, payload: bytes | None = None) -> Json:
    signing = {
        "key": made.signer.name,
        "created": int(made.params["created"]),
        "nonce": made.params["nonce"][1:-1].replace('\\"', '"').replace("\\\\", "\\"),
    }
    return _good(comment, f"{flags} ClientOrder", made, payload=payload, signing=signing)


def _as_our_client_signs() -> Iterator[Json]:
    yield _ours("a plain request", "Plain", draft())
    yield _ours("of another enrolled key", "Plain", draft(signer=BOB))
    yield _ours("to another path", "Plain", draft(path="/telemetry/v1/batches"))
    yield _ours("to a percent-encoded path", "Plain", draft(path="/t%C3%A9l%2F/v1/batches"))
    for authority in ("sink.example:8443", "localhost:8750", "[::1]:8750", "192.0.2.7"):
        yield _ours(f"to {authority}", "Authority", draft(authority=authority))
    for what, nonce in {
        "of 16 characters": "0123456789abcdef",
        "of 1,024 characters": "n" * 1_024,
        "with escaped characters": '0123456789\\"\\\\abcdef',
    }.items():
        flags = "Boundary" if "16" in what else "AnyOrder"
        yield _ours(f"a nonce {what}", flags, draft(params=good_params(nonce=f'"{nonce}"')))


def _bodies() -> Iterator[Json]:
    plain = PAYLOAD.encode()
    for coding, coded in {"gzip": gzip_stored(plain), "zstd": zstd_raw(plain)}.items():
        made = draft(raw(coded), coding=coding)
        yield _ours(f"a body in {coding}", "Body", made, payload=plain)
    yield _ours("an empty body", "Body", draft(text("")))
    yield _ours(
        "a body of two-, three- and four-byte characters",
        "Body",
        draft(text("\u00e9\u20ac\U0001f4e6")),
    )
    yield _ours("a body that is not UTF-8", "Body", draft(raw(bytes(range(256)))))
    yield _ours(
        "a body as large as allowed", "Body Boundary", draft(concat(("x", CODED_BODY_MAX_BYTES)))
    )


def _times() -> Iterator[Json]:
    made = draft()
    yield _good("created 300 s ago", "Boundary", made, now=NOW + SKEW_S)
    yield _good("created 300 s ahead", "Boundary", made, now=NOW - SKEW_S)
    for ahead_s in (0, 60):
        params = good_params(expires=str(NOW + ahead_s))
        yield _good(f"expires {ahead_s} s ahead", "Boundary", draft(params=params))


def _orders() -> Iterator[Json]:
    yield _good("components in reverse", "AnyOrder", draft(covered=_COVERED[::-1]))
    params = good_params()
    backwards = {name: params[name] for name in reversed(params)}
    yield _good("parameters in reverse", "AnyOrder", draft(params=backwards))
    for label in ("sig1", "*", "a-b_c.d*1"):
        yield _good(f"the label {label}", "AnyOrder", draft(label=label))
    upper = draft()
    shouted = {name.title(): value for name, value in upper.headers.items()}
    yield _good("header names in title case", "AnyOrder", draft(headers=shouted))


def _with_fields(fields: dict[str, str]) -> Draft:
    covered = (*_COVERED, *(f'"{name}"' for name in fields))
    return draft(headers=draft().headers | fields, covered=covered)


def _field_values() -> Iterator[Json]:
    yield _good("another field covered", "AnyOrder", _with_fields({"accept": "*/*"}))
    many = {f"x-{number}": str(number) for number in range(10)}
    yield _good("16 components", "Boundary", _with_fields(many))
    yield _good("an empty value", "FieldValue", _with_fields({"x-empty": ""}))
    yield _good("a tab inside a value", "FieldValue", _with_fields({"x-tab": "a\tb"}))
    made = _with_fields({"x-note": "a  b"})
    spaced = with_header(signed(made), "x-note", " \t a  b \t")
    yield _good("white space around a value", "FieldValue", made, request=spaced)
    made = _with_fields({"x-list": "a, b"})
    split = with_header(signed(made), "x-list", "a")
    split["headers"].append(["X-List", "b"])
    yield _good("two lines of one field", "FieldValue", made, request=split)
    both = {"content-digest": f"sha-512=:AAAA:, {sha256_digest(PAYLOAD.encode())}"}
    made = draft(headers=draft().headers | both)
    yield _good("a digest of another algorithm beside ours", "FieldValue", made)
    uncovered = with_header(signed(draft()), "x-request-id", "42")
    yield _good("a header that is not covered", "FieldValue", draft(), request=uncovered)


def _beside_others() -> Iterator[Json]:
    made = draft()
    ours = signed(made)
    for label, where in (("proxy", "before"), ("zz", "after")):
        theirs = signed(draft(label=label, signer=BOB, params=good_params(BOB, tag='"proxy"')))
        request = joined(*((theirs, ours) if where == "before" else (ours, theirs)))
        yield _good(
            f"a signature with another tag {where} ours", "OtherSignature", made, request=request
        )
    untagged = signed(draft(label="any", params=good_params(ALICE, tag=None, nonce=None)))
    request = joined(untagged, ours)
    yield _good("a signature without a tag before ours", "OtherSignature", made, request=request)
    lines = [*ours["headers"], *untagged["headers"][-2:]]
    request = {**ours, "headers": lines}
    yield _good("another signature in lines of its own", "OtherSignature", made, request=request)


def joined(first: Json, second: Json) -> Json:
    """Return the second request's fields with the signatures of both."""
    request = second
    for name in ("signature-input", "signature"):
        values = [next(v for n, v in one["headers"] if n == name) for one in (first, second)]
        request = with_header(request, name, ", ".join(values))
    return request
