"""Signed receipts: an answer to a signed request, and the keys that a client has pinned (wire 13).

Signed by hand after RFC 9421 sections 2.4 and 2.5, with no library of ours.
"""

import json
from collections.abc import Iterator

from vector_cases.form import Json, concat, document, invalid, note, octets, text, valid
from vector_cases.message import (
    ALICE,
    BATCH_ID,
    NOW,
    Key,
    byte_sequence,
    draft,
    good_params,
    header_of,
    sha256_digest,
    signed,
    with_header,
)

NOTES = {
    "Plain": note("BASIC", "As our sink signs.", "No receipt is a proof."),
    "SinkOrder": note(
        "BASIC", "Given the key, `created` and the request, a sink writes these fields.",
        "The sink signs another answer than it gives.",
    ),
    "Spelling": note("CAN_OF_WORMS", "Signed otherwise, and as good.", "A good proof is refused."),
    "Unsigned": note("AUTH_BYPASS", "No signature of a receipt.", "Anybody gives receipts."),
    "Stranger": note("AUTH_BYPASS", "Another key.", "Anybody gives receipts."),
    "Modified": note(
        "AUTH_BYPASS", "Changed after signing.", "A receipt says what the sink did not say.",
    ),
    "Replay": note(
        "AUTH_BYPASS", "Good for another request.", "An old receipt stands for a new one.",
    ),
    "Coverage": note(
        "AUTH_BYPASS", "Covers too little, or what a client cannot rebuild.",
        "What is not covered can be changed.",
    ),
    "Parameter": note("PARSER", "A parameter that 13.1 does not allow.", "Readers differ."),
}  # fmt: skip
SINK = Key("sink", "receipts")
OTHER_SINK = Key("other sink", "receipts")
TAG = '"vox-usage-receipt"'
OF_REQUEST = '"signature";req;key="vox"'
COVERED = ('"@status"', '"content-digest"', '"content-type"', OF_REQUEST)
MEDIA_TYPE = "application/vnd.vox.usage-receipt.v1+json"
_RECEIPT = {
    "batch_id": BATCH_ID,
    "payload_sha256": "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a",
    "event_count": 3,
    "received_at": "2026-11-22T10:00:00.123Z",
    "schema": "vox.usage-receipt.v1",
}
_REQUEST = signed(draft())
_LATER_REQUEST = signed(draft(params=good_params(nonce='"another-nonce-of-mine"')))
_BODY = text(json.dumps(_RECEIPT, separators=(",", ":")))


def vectors() -> Json:
    """Return receipt-signature.v1.json."""
    keys = [key.described() for key in (SINK, OTHER_SINK)]
    cases = [*_valid(), *_unsigned(), *_strangers(), *_modified(), *_coverage(), *_parameters()]
    return document("receipt-signature", NOTES, cases, keys=keys, pinned=[SINK.id])


def _params(signer: Key = SINK, /, **changes: str | None) -> dict[str, str]:
    return good_params(signer, **({"nonce": None, "tag": TAG} | changes))


def _answer(  # noqa: PLR0913 -- each is a part of the answer that a case may set
    *,
    status: int = 201,
    body: Json = _BODY,
    request: Json = _REQUEST,
    covered: tuple[str, ...] = COVERED,
    params: dict[str, str] | None = None,
    signer: Key = SINK,
    label: str = "vox",
    headers: dict[str, str] | None = None,
) -> Json:
    """Return a signed answer with the request that it answers."""
    made = {"content-type": MEDIA_TYPE, "content-digest": sha256_digest(octets(body))}
    made |= headers or {}
    sent = header_of(request, "signature").removeprefix("vox=")
    values = {
        '"@status"': str(status),
        **{f'"{name}"': value for name, value in made.items()},
        **dict.fromkeys((OF_REQUEST, '"signature";key="vox";req', '"signature";req'), sent),
        '"@method";req': "POST",
        '"signature";req;key="other"': sent,
        '"signature";req;key=vox': sent,
        '"signature"': sent,
    }
    named = "".join(f";{n}={v}" for n, v in (params or _params(signer)).items())
    inner = f"({' '.join(covered)}){named}"
    lines = [f"{item}: {values.get(item, '')}" for item in covered]
    base = "\n".join([*lines, f'"@signature-params": {inner}'])
    proof = byte_sequence(signer.private.sign(base.encode()))
    fields = made | {"signature-input": f"{label}={inner}", "signature": f"{label}={proof}"}
    return {"request": request, "status": status, "headers": fields, "body": body, "base": base}


def _good(comment: str, flags: str, made: Json, **members: object) -> Json:
    expected = {"keyid": SINK.id, "base": made["base"]}
    answer = {name: value for name, value in made.items() if name != "base"}
    return valid(comment, flags, **answer, **members, expected=expected)


def _bad(comment: str, flags: str, made: Json, problem: str, **changes: object) -> Json:
    answer = {name: value for name, value in (made | changes).items() if name != "base"}
    return invalid(comment, flags, **answer, expected={"problem": problem})


def _valid() -> Iterator[Json]:
    signing = {"key": SINK.name, "created": NOW}
    for status, what in ((201, "stored now"), (200, "held before")):
        yield _good(what, "Plain SinkOrder", _answer(status=status), signing=signing)
    spaced = text(json.dumps(_RECEIPT, indent=1))
    yield _good(
        "a receipt with white space", "Plain SinkOrder", _answer(body=spaced), signing=signing
    )
    yield _good("components in reverse", "Spelling", _answer(covered=COVERED[::-1]))
    swapped = (*COVERED[:3], '"signature";key="vox";req')
    yield _good("key before req", "Spelling", _answer(covered=swapped))
    yield _good("another label", "Spelling", _answer(label="sink"))
    params = _params()
    backwards = {name: params[name] for name in reversed(params)}
    yield _good("parameters in reverse", "Spelling", _answer(params=backwards))
    nonce = _params(nonce='"0123456789abcdef"')
    yield _good("with a nonce", "Spelling", _answer(params=nonce))
    yield _good("signed in another year", "Spelling", _answer(params=_params(created="1")))
    made = _answer()
    both = {name: f'proxy=("@status");tag="proxy", {made["headers"][name]}'
            if name == "signature-input" else f"proxy=:AAAA:, {made['headers'][name]}"
            for name in ("signature-input", "signature")}  # fmt: skip
    made["headers"] |= both
    yield _good("beside a proxy's signature", "Spelling", made)


def _unsigned() -> Iterator[Json]:
    made = _answer()
    for name, problem in {
        "signature-input": "signature-missing",
        "signature": "signature-missing",
        "content-digest": "signature-invalid",
    }.items():
        headers = {key: value for key, value in made["headers"].items() if key != name}
        yield _bad(f"no {name}", "Unsigned", made, problem, headers=headers)
    bare = {"content-type": MEDIA_TYPE}
    yield _bad("nothing of the three", "Unsigned", made, "signature-missing", headers=bare)
    batch = _answer(params=_params(tag='"vox-usage-batch"'))
    yield _bad("the tag of a batch", "Unsigned", batch, "signature-missing")
    twice = made["headers"] | {
        name: f"{made['headers'][name]}, b={made['headers'][name].removeprefix('vox=')}"
        for name in ("signature-input", "signature")
    }
    yield _bad("two of them", "Unsigned", made, "signature-ambiguous", headers=twice)
    for name in ("signature-input", "signature"):
        broken = made["headers"] | {name: "vox=("}
        yield _bad(f"{name} is broken", "Unsigned", made, "signature-malformed", headers=broken)


def _strangers() -> Iterator[Json]:
    for signer in (OTHER_SINK, ALICE):
        made = _answer(signer=signer)
        yield _bad(f"of {signer.name}", "Stranger", made, "key-unknown")
    made = _answer(signer=OTHER_SINK, params=_params(SINK))
    yield _bad("of another key under the sink's id", "Stranger", made, "signature-invalid")


def _modified() -> Iterator[Json]:
    made = _answer()
    yield _bad("another status", "Modified", made, "signature-invalid", status=200)
    other = text(json.dumps(_RECEIPT | {"event_count": 4}, separators=(",", ":")))
    yield _bad("another body", "Modified", made, "content-digest-mismatch", body=other)
    digest = made["headers"] | {"content-digest": sha256_digest(octets(other))}
    yield _bad(
        "another body and its digest", "Modified", made, "signature-invalid",
        body=other, headers=digest,
    )  # fmt: skip
    html = made["headers"] | {"content-type": "text/html"}
    yield _bad("another type", "Modified", made, "signature-invalid", headers=html)
    later = made["headers"]["signature-input"].replace(str(NOW), str(NOW + 1))
    changed = made["headers"] | {"signature-input": later}
    yield _bad("another time", "Modified", made, "signature-invalid", headers=changed)
    yield _bad(
        "the answer to an earlier request", "Replay", made, "signature-invalid",
        request=_LATER_REQUEST,
    )  # fmt: skip
    long = concat("{", (" ", 9_000), "}")
    yield _bad("another, long body", "Modified", made, "content-digest-mismatch", body=long)


def _coverage() -> Iterator[Json]:
    for left_out in COVERED:
        fewer = tuple(item for item in COVERED if item != left_out)
        made = _answer(covered=fewer)
        yield _bad(f"without {left_out}", "Coverage", made, "signature-coverage")
    for other in (
        '"signature"', '"signature";req', '"signature";req;key="other"', '"signature";req;key=vox',
    ):  # fmt: skip
        made = _answer(covered=(*COVERED[:3], other))
        yield _bad(f"{other} instead of the request's", "Coverage", made, "signature-coverage")
    for more in ('"@method";req', '"date"', '"@path"', '"@status"'):
        made = _answer(covered=(*COVERED, more))
        yield _bad(f"{more} as well", "Coverage", made, "signature-coverage")
    answer = _answer()
    for name in ("signature", "signature-input"):
        value = header_of(answer["request"], name).replace("vox=", "mine=", 1)
        answer["request"] = with_header(answer["request"], name, value)
    yield _bad("the request's label is another", "Coverage", answer, "signature-malformed")


def _parameters() -> Iterator[Json]:
    expiring = _answer(params=_params(expires=str(NOW + 1_000_000)))
    yield _bad("expires", "Parameter", expiring, "signature-malformed")
    for alg in ('"rsa-v1_5-sha256"', "ed25519", None):
        made = _answer(params=_params(alg=alg))
        yield _bad(f"alg {alg}", "Parameter", made, "signature-algorithm")
    for name, value in (("created", None), ("created", '"1"'), ("keyid", None), ("keyid", "7")):
        made = _answer(params=_params(**{name: value}))
        yield _bad(f"{name} {value}", "Parameter", made, "signature-malformed")
