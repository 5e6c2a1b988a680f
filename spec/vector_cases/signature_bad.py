"""Requests that do not verify, each with the problem of the first step that refuses it."""

from collections.abc import Iterator
from dataclasses import replace

from vector_cases import signature_spoilt
from vector_cases.form import Json, invalid, raw, text
from vector_cases.message import (
    BOB,
    CAROL,
    DAVE,
    ERIN,
    FRANK,
    MALLORY,
    NOW,
    PAYLOAD,
    Draft,
    draft,
    good_params,
    gzip_stored,
    header_of,
    sha256_digest,
    signed,
    with_header,
)
from vector_cases.signature_good import joined

_GZIP = raw(gzip_stored(PAYLOAD.encode()))


def cases() -> Iterator[Json]:
    """Yield the invalid cases."""
    yield from _uncovered()
    yield from _modified()
    yield from _bodies_modified()
    yield from _parameters()
    yield from _parameters_modified()
    yield from _times()
    yield from _keys()
    yield from _two_faults()
    for comment, flag, request, problem in signature_spoilt.requests():
        yield _bad(comment, flag, request, problem)


def _bad(
    comment: str, flags: str, request: Draft | Json, problem: str, *, now: float = NOW
) -> Json:
    sent = signed(request) if isinstance(request, Draft) else request
    return invalid(comment, flags, request=sent, now=now, expected={"problem": problem})


def _uncovered() -> Iterator[Json]:
    made = draft(_GZIP, coding="gzip")
    for item in made.covered:
        rest = tuple(other for other in made.covered if other != item)
        yield _bad(
            f"does not cover {item[1:-1]}",
            "Uncovered",
            replace(made, covered=rest),
            "signature-coverage",
        )
    yield _bad("covers nothing", "Uncovered", replace(made, covered=()), "signature-coverage")


def _modified() -> Iterator[Json]:
    request = signed(draft())
    for member, value in {
        "method": "PUT",
        "authority": "other.example",
        "path": "/v1/batches/",
    }.items():
        yield _bad(f"another {member}", "Modified", {**request, member: value}, "signature-invalid")
    for name, value in {
        "content-type": "application/json",
        "content-digest": sha256_digest(b"{}"),
        "idempotency-key": '"019aab3e-7c00-7a10-8b2c-0d3e5f708193"',
    }.items():
        yield _bad(
            f"another {name}", "Modified", with_header(request, name, value), "signature-invalid"
        )
        yield _bad(
            f"{name} taken away", "Modified", with_header(request, name, None), "signature-coverage"
        )


def _bodies_modified() -> Iterator[Json]:
    request = signed(draft())
    longer = {**request, "body": text(PAYLOAD + "\n")}
    yield _bad("a line break after the body", "Modified", longer, "content-digest-mismatch")
    yield _bad(
        "an empty body", "Modified", {**request, "body": text("")}, "content-digest-mismatch"
    )
    replaced = with_header({**request, "body": text("{}")}, "content-digest", sha256_digest(b"{}"))
    yield _bad("another body with its digest", "Replaced", replaced, "signature-invalid")
    added = with_header(request, "content-encoding", "gzip")
    yield _bad("a coding added", "Modified", added, "signature-coverage")
    coded = signed(draft(_GZIP, coding="gzip"))
    other = with_header(coded, "content-encoding", "zstd")
    yield _bad("another coding", "Modified", other, "signature-invalid")
    bare = with_header(coded, "content-encoding", None)
    yield _bad("the coding taken away", "Modified", bare, "signature-coverage")
    twice = {**request, "headers": [*request["headers"], ["idempotency-key", '"x"']]}
    yield _bad("a second line of a covered field", "Modified", twice, "signature-invalid")


_PARAMETERS: tuple[tuple[str, str, str | None, str], ...] = (
    ("MissingParameter", "created", None, "signature-malformed"),
    ("MissingParameter", "keyid", None, "signature-malformed"),
    ("MissingParameter", "alg", None, "signature-algorithm"),
    ("MissingParameter", "nonce", None, "signature-malformed"),
    ("MissingParameter", "tag", None, "signature-missing"),
    ("WrongType", "created", f'"{NOW}"', "signature-malformed"),
    ("WrongType", "created", f"{NOW}.0", "signature-malformed"),
    ("WrongType", "created", "?1", "signature-malformed"),
    ("WrongType", "created", f"@{NOW}", "signature-malformed"),
    ("WrongType", "expires", f'"{NOW + 60}"', "signature-malformed"),
    ("WrongType", "expires", f"{NOW + 60}.5", "signature-malformed"),
    ("WrongType", "keyid", "alice", "signature-malformed"),
    ("WrongType", "keyid", ":YWxpY2U=:", "signature-malformed"),
    ("WrongType", "alg", "ed25519", "signature-algorithm"),
    ("WrongType", "nonce", "token-token-token-token", "signature-malformed"),
    ("WrongType", "nonce", ":AAAAAAAAAAAAAAAAAAAAAA==:", "signature-malformed"),
    ("WrongType", "tag", "vox-usage-batch", "signature-missing"),
    ("OverLimit", "nonce", '"0123456789abcde"', "signature-malformed"),
    ("OverLimit", "nonce", '""', "signature-malformed"),
    ("Algorithm", "alg", '"hmac-sha256"', "signature-algorithm"),
    ("Algorithm", "alg", '"rsa-v1_5-sha256"', "signature-algorithm"),
    ("Algorithm", "alg", '"Ed25519"', "signature-algorithm"),
    ("Algorithm", "alg", '""', "signature-algorithm"),
    ("OtherSignature", "tag", '"vox-usage-batch-v2"', "signature-missing"),
    ("OtherSignature", "tag", '"VOX-USAGE-BATCH"', "signature-missing"),
    ("OverLimit", "created", "0", "signature-stale"),
    ("OverLimit", "created", "-1", "signature-stale"),
    ("OverLimit", "created", "999999999999999", "signature-stale"),
    ("Malformed", "created", "9999999999999999", "signature-malformed"),
)


def _parameters() -> Iterator[Json]:
    for flag, name, value, problem in _PARAMETERS:
        what = f"without {name}" if value is None else f"{name} is {value}"
        params = good_params(**{name: value})
        yield _bad(f"signed {what}", flag, draft(params=params), problem)


def _parameters_modified() -> Iterator[Json]:
    request = signed(draft(params=good_params(expires=str(NOW + 60))))
    shown = header_of(request, "signature-input")
    for what, old, new in (
        ("another created", f"created={NOW}", f"created={NOW + 1}"),
        ("a later expires", f"expires={NOW + 60}", f"expires={NOW + 61}"),
        ("expires taken away", f";expires={NOW + 60}", ""),
        ("another nonce", 'nonce="', 'nonce="x'),
        ("another keyid", draft().signer.id, BOB.id),
        ("a parameter added", 'tag="vox-usage-batch"', 'tag="vox-usage-batch";x=1'),
        ("two components swapped", '"@method" "@authority"', '"@authority" "@method"'),
    ):
        tampered = with_header(request, "signature-input", shown.replace(old, new))
        yield _bad(f"signature-input: {what}", "Modified", tampered, "signature-invalid")


def _times() -> Iterator[Json]:
    made = draft()
    for off_s in (301, -301, 300.5, -300.5):
        yield _bad(
            f"the clock is {off_s} s from created",
            "OverLimit",
            made,
            "signature-stale",
            now=NOW + off_s,
        )
    for expires in (str(NOW - 1), "0", "-1"):
        params = good_params(expires=expires)
        yield _bad(f"expires is {expires}", "OverLimit", draft(params=params), "signature-stale")


def _keys() -> Iterator[Json]:
    yield _bad("a key that is not enrolled", "Key", draft(signer=MALLORY), "key-unknown")
    yield _bad("a revoked key", "Key", draft(signer=CAROL), "key-revoked")
    yield _bad("a key whose validity is over", "Key", draft(signer=DAVE), "key-expired")
    yield _bad("a key whose validity has not begun", "Key", draft(signer=ERIN), "key-not-yet-valid")
    yield _bad("a key that waits for approval", "Key", draft(signer=FRANK), "key-not-approved")
    empty = draft(params=good_params(keyid='""'))
    yield _bad("an empty keyid", "Key", empty, "key-unknown")
    forged = draft(signer=MALLORY, params=good_params())
    yield _bad("signed by a stranger under an enrolled keyid", "Key", forged, "signature-invalid")
    crossed = draft(signer=BOB, params=good_params())
    yield _bad("signed by another enrolled key", "Key", crossed, "signature-invalid")


def _two_faults() -> Iterator[Json]:
    def both(comment: str, request: Draft | Json, problem: str, now: float = NOW) -> Json:
        return _bad(comment, "Order", request, problem, now=now)

    ours = signed(draft())
    algorithm = good_params(alg='"hmac-sha256"')
    yield both(
        "another algorithm, and too little covered",
        draft(covered=(), params=algorithm),
        "signature-algorithm",
    )
    yield both(
        "too little covered, unknown key", draft(covered=(), signer=MALLORY), "signature-coverage"
    )
    yield both("unknown key, stale", draft(signer=MALLORY), "key-unknown", NOW + 301)
    yield both("revoked key, stale", draft(signer=CAROL), "key-revoked", NOW + 301)
    yield both("expired key, stale", draft(signer=DAVE), "key-expired", NOW + 301)
    yield both("key that waits, stale", draft(signer=FRANK), "signature-stale", NOW + 301)
    waiting = signed(draft(signer=FRANK))
    yield both("key that waits, changed", {**waiting, "method": "PUT"}, "signature-invalid")
    other = {**waiting, "body": text("{}")}
    yield both("key that waits, another body", other, "key-not-approved")
    yield both("stale, changed", {**ours, "method": "PUT"}, "signature-stale", NOW + 301)
    changed = {**ours, "method": "PUT", "body": text("{}")}
    yield both("changed, another body", changed, "signature-invalid")
    second = signed(draft(label="second", params=algorithm))
    yield both(
        "two of ours, one with another algorithm", joined(ours, second), "signature-ambiguous"
    )
