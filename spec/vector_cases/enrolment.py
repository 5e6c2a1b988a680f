"""Enrolment vectors: a request to `/v1/keys`, codes that the sink knows, its clock (wire 11)."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

from vector_cases.form import Json, concat, document, invalid, note, octets, text, valid
from vector_cases.message import (
    ALICE,
    BOB,
    NOW,
    Draft,
    Key,
    base64url,
    draft,
    good_params,
    sha256_digest,
    signed,
    with_header,
)
from vector_cases.signature_good import joined

NOTES = {
    "Plain": note("BASIC", "An enrolment as wire 11 describes it.", "Nobody can enrol."),
    "ClientOrder": note(
        "BASIC", "Given the code, the key, `created` and `nonce`, a client writes this request.",
        "The client signs other bytes than it sends.",
    ),
    "Spelling": note(
        "CAN_OF_WORMS", "The same code or document, spelt otherwise.", "A good code is refused.",
    ),
    "Boundary": note("EDGE_CASE", "At a limit, which is still allowed.", "Off by one."),
    "Code": note("AUTH_BYPASS", "Not a code, or one nobody made.", "Anybody enrols a key."),
    "Possession": note(
        "AUTH_BYPASS", "The key in the body did not sign the request.",
        "Somebody enrols a key that is not his and answers for its telemetry.",
    ),
    "Profile": note(
        "AUTH_BYPASS", "Signed as a batch is, or covering too little.",
        "A signature that was made for one thing is used for another.",
    ),
    "Modified": note("AUTH_BYPASS", "Changed after signing.", "Another key or code is enrolled."),
    "Schema": note("PARSER", "Not the closed document.", "Two readers enrol different keys."),
    "BadKey": note("MISSING_STEP", "A key of 6.1 that no sink may enrol.", "Anybody can sign."),
    "OverLimit": note("MISSING_STEP", "One beyond a limit.", "Old requests or endless bodies."),
}  # fmt: skip
MEDIA_TYPE = "application/vnd.vox.key-enrolment.v1+json"
ENROLMENT_MAX_BYTES = 4_096
TAG = '"vox-key-enrolment"'
COVERED = ("@method", "@authority", "@path", "content-type", "content-digest")
CODE = "0A1B2-C3D4E-5F6G7-H8J9K"
_OTHER_CODE = "0A1B2-C3D4E-5F6G7-H8J9M"
_GONE = object()


def vectors() -> Json:
    """Return enrolment.v1.json."""
    known = hashlib.sha256(CODE.replace("-", "").encode()).hexdigest()
    return document("enrolment", NOTES, [*_valid(), *_invalid()], codes_sha256=[known])


def _jwk(key: Key) -> Json:
    return {"crv": "Ed25519", "kty": "OKP", "x": base64url(_public(key))}


def _public(key: Key) -> bytes:
    return key.private.public_key().public_bytes_raw()


def _body(key: Key = ALICE, /, **changes: object) -> str:
    made = {"schema": "vox.key-enrolment.v1", "code": CODE, "public_key": _jwk(key)} | changes
    kept = {name: value for name, value in made.items() if value is not _GONE}
    return json.dumps(kept, separators=(",", ":"))


def _draft(body: str | Json | None = None, *, signer: Key = ALICE, path: str = "/v1/keys") -> Draft:
    content = body if isinstance(body, dict) else text(_body(signer) if body is None else body)
    headers = {"content-type": MEDIA_TYPE, "content-digest": sha256_digest(octets(content))}
    covered = tuple(f'"{name}"' for name in COVERED)
    params = good_params(signer, tag=TAG)
    made = draft(content, signer=signer, path=path, headers=headers)
    return replace(made, covered=covered, params=params)


def _good(comment: str, flags: str, made: Draft, *, now: float = NOW, **members: object) -> Json:
    expected = {
        "keyid": made.signer.id,
        "base": made.base,
        "code_sha256": hashlib.sha256(CODE.replace("-", "").encode()).hexdigest(),
    }
    return valid(comment, flags, request=signed(made), now=now, **members, expected=expected)


def _bad(
    comment: str, flags: str, request: Draft | Json, problem: str, *, now: float = NOW
) -> Json:
    sent = signed(request) if isinstance(request, Draft) else request
    return invalid(comment, flags, request=sent, now=now, expected={"problem": problem})


def _valid() -> Iterator[Json]:
    for signer in (ALICE, BOB):
        made = _draft(signer=signer)
        signing = {"key": signer.name, "created": NOW, "nonce": made.params["nonce"][1:-1]}
        comment = f"the key of {signer.name}"
        yield _good(comment, "Plain ClientOrder", made, signing=signing, code=CODE)
    yield _good("below another path", "Plain", _draft(path="/telemetry/v1/keys"))
    for what, code in {
        "in lower case": CODE.lower(),
        "without dashes": CODE.replace("-", ""),
        "with dashes elsewhere": "0A-1B2C3D4E5F6G7H8J-9K-",
        "with O for 0 and i, l for 1": "oAiB2-C3D4E-5F6G7-H8J9K",
        "with L for 1": "0ALB2-C3D4E-5F6G7-H8J9K",
        "with white space around": f" {CODE}\n",
    }.items():
        yield _good(f"the code {what}", "Spelling", _draft(_body(code=code)))
    yield _good("escaped letters", "Spelling", _draft(_body().replace("vox", "\\u0076ox")))
    shown = json.dumps(dict(reversed(json.loads(_body()).items())), indent=2)
    yield _good("another order, white space", "Spelling", _draft(shown))
    padding = (" ", ENROLMENT_MAX_BYTES - len(_body()))
    yield _good("as long as it may be", "Boundary", _draft(concat(_body(), padding)))
    for now in (NOW - 300, NOW + 300):
        yield _good(f"the clock is {now - NOW} s from created", "Boundary", _draft(), now=now)


def _invalid() -> Iterator[Json]:
    yield from _codes()
    yield from _possession()
    yield from _profiles()
    yield from _modified()
    yield from _schema()
    yield from _keys()
    yield from _over()


def _codes() -> Iterator[Json]:
    for what, code in {
        "another code": _OTHER_CODE,
        "no character": "",
        "19 characters": CODE[:-1],
        "21 characters": f"{CODE}0",
        "a U, which is in no code": CODE.replace("A", "U"),
        "a space inside": CODE.replace("-", " "),
        "a letter that is K when folded": CODE.replace("K", "\u212a"),
        "a letter that is I in upper case": CODE.replace("1", "\u0131"),
    }.items():
        yield _bad(f"code: {what}", "Code", _draft(_body(code=code)), "enrolment-code-refused")


def _possession() -> Iterator[Json]:
    theirs = _draft(_body(BOB))
    yield _bad("another's key in the body", "Possession", theirs, "signature-invalid")
    claimed = replace(theirs, params=good_params(BOB, tag=TAG))
    yield _bad("another's key and keyid", "Possession", claimed, "signature-invalid")
    named = replace(_draft(), params=good_params(BOB, tag=TAG))
    yield _bad("another's keyid", "Possession", named, "signature-invalid")
    both = replace(theirs, params=good_params(ALICE, tag=TAG))
    wrong = replace(both, body=text(_body(BOB, code=_OTHER_CODE)))
    wrong.headers["content-digest"] = sha256_digest(octets(wrong.body))
    yield _bad(
        "another's key and a wrong code: the code is not looked at", "Possession", wrong,
        "signature-invalid",
    )  # fmt: skip


def _profiles() -> Iterator[Json]:
    ours = _draft()
    for tag in ('"vox-usage-batch"', '"vox-key-enrolment-v2"', "vox-key-enrolment", None):
        made = replace(ours, params=good_params(tag=tag))
        yield _bad(f"the tag is {tag}", "Profile", made, "signature-missing")
    for name in COVERED:
        covered = tuple(item for item in ours.covered if item != f'"{name}"')
        made = replace(ours, covered=covered)
        yield _bad(f"does not cover {name}", "Profile", made, "signature-coverage")
    coded = signed(ours)
    coded = with_header(coded, "content-encoding", "gzip")
    yield _bad("a coding that is not covered", "Profile", coded, "signature-coverage")
    twice = joined(signed(replace(ours, label="one")), signed(ours))
    yield _bad("two with our tag", "Profile", twice, "signature-ambiguous")
    batch = signed(draft(path="/v1/keys"))
    yield _bad("a batch", "Profile", batch, "signature-missing")


def _modified() -> Iterator[Json]:
    ours = signed(_draft())
    other = {**ours, "body": text(_body(BOB))}
    yield _bad("another body", "Modified", other, "content-digest-mismatch")
    digest = sha256_digest(octets(other["body"]))
    redone = with_header(other, "content-digest", digest)
    yield _bad("another body with its digest", "Modified", redone, "signature-invalid")
    code = {**ours, "body": text(_body(code=_OTHER_CODE))}
    redone = with_header(code, "content-digest", sha256_digest(octets(code["body"])))
    yield _bad("another code with its digest", "Modified", redone, "signature-invalid")
    for part, value in {"authority": "other.example", "path": "/v2/keys", "method": "PUT"}.items():
        yield _bad(f"another {part}", "Modified", {**ours, part: value}, "signature-invalid")
    bare = _draft()
    del bare.headers["content-digest"]
    covered = tuple(item for item in bare.covered if "digest" not in item)
    made = replace(bare, covered=covered)
    yield _bad("no digest", "Modified", made, "signature-coverage")


def _schema() -> Iterator[Json]:
    for member in ("schema", "code", "public_key"):
        for what, value in {"no": _GONE, "null for": None, "a number for": 1}.items():
            made = _draft(_body(**{member: value}))
            yield _bad(f"{what} {member}", "Schema", made, "body-malformed")
    jwk = _jwk(ALICE)
    for what, body in {
        "another schema": _body(schema="vox.key-enrolment.v2"),
        "a member more": _body(note="hello"),
        "a member more in the key": _body(public_key=jwk | {"use": "sig"}),
        "the private half": _body(public_key=jwk | {"d": jwk["x"]}),
        "a member of the key missing": _body(public_key={"kty": "OKP", "crv": "Ed25519"}),
        "code twice": _body().replace('"code"', f'"code":"{_OTHER_CODE}","code"'),
        "code twice by an escape": _body().replace('"code"', '"\\u0063ode":"","code"'),
        "an array": f"[{_body()}]",
        "two documents": _body() + _body(),
        "nothing": "",
        "a code as long as a page": _body(code="0" * 2_000),
    }.items():
        yield _bad(what, "Schema", _draft(body), "body-malformed")


def _keys() -> Iterator[Json]:
    one = (1).to_bytes(32, "little")
    prime = (2**255 - 19 + 2).to_bytes(32, "little")
    for what, jwk in {
        "of small order": _jwk(ALICE) | {"x": base64url(one)},
        "not canonical": _jwk(ALICE) | {"x": base64url(prime)},
        "of another curve": _jwk(ALICE) | {"crv": "X25519"},
        "of 31 bytes": _jwk(ALICE) | {"x": base64url(bytes(31))},
        "in padded base64": _jwk(ALICE) | {"x": base64url(_public(ALICE)) + "="},
    }.items():
        yield _bad(f"a key {what}", "BadKey", _draft(_body(public_key=jwk)), "body-malformed")


def _over() -> Iterator[Json]:
    for off_s in (301, -301):
        yield _bad(
            f"the clock is {off_s} s from created", "OverLimit", _draft(), "signature-stale",
            now=NOW + off_s,
        )  # fmt: skip
    padding = (" ", ENROLMENT_MAX_BYTES + 1 - len(_body()))
    yield _bad("a byte too long", "OverLimit", _draft(concat(_body(), padding)), "body-too-large")
