"""Duty vectors: an answer that is no receipt, and what the client must do (wire 7).

`valid` means that the answer is one that wire 7 describes, `invalid` that it comes from something
else (a proxy, another program) or is malformed; there is a duty in either case.
"""

import json
from collections.abc import Iterator
from typing import Any

from vector_cases.form import Json, concat, document, invalid, note, raw, text, valid
from vector_cases.message import BATCH_ID, NOW

NOTES = {
    "Problem": note("BASIC", "Each problem that the wire spec names.", "Data is lost or piles up."),
    "StatusOnly": note(
        "CAN_OF_WORMS", "A proxy answers; the status decides, whatever the body says.",
        "A client that reads the body first deletes or repeats for ever.",
    ),
    "Unknown": note(
        "MISSING_STEP", "A status that the table does not name stops the run, keeping everything.",
        "An unknown answer is taken for success or hammered for ever.",
    ),
    "Redirect": note("AUTH_BYPASS", "Redirects are never followed.", "Telemetry goes elsewhere."),
    "RetryAfter": note(
        "EDGE_CASE", "Seconds or any of the three dates of RFC 9110; bounded by an hour.",
        "The client hammers, or a server stops it for years.",
    ),
    "RetryAfterMalformed": note(
        "PARSER", "No value of RFC 9110 section 10.2.3: the client's own pause applies.",
        "The client crashes, or waits for no time at all.",
    ),
    "Disguised": note(
        "DATA_LOSS", "The body is a receipt or a problem of another status.",
        "A refusal is taken for an acknowledgement.",
    ),
    "Body": note("PARSER", "Bodies that are no problem document.", "The client crashes."),
}  # fmt: skip
RETRY_AFTER_MAX_S = 3_600
_PREFIX = "urn:vox-telemetry:problem:"
_SET_ASIDE, _STOP, _SPLIT, _RETRY = "set_aside", "stop", "split", "retry"
_PROBLEMS: tuple[tuple[int, str, str], ...] = (
    (400, "body-malformed", _SET_ASIDE),
    (400, "body-truncated", _SET_ASIDE),
    (400, "content-digest-missing", _SET_ASIDE),
    (400, "content-digest-mismatch", _SET_ASIDE),
    (400, "idempotency-key-missing", _SET_ASIDE),
    (400, "idempotency-key-mismatch", _SET_ASIDE),
    (401, "token-invalid", _STOP),
    (401, "signature-missing", _STOP),
    (401, "signature-malformed", _STOP),
    (401, "signature-ambiguous", _STOP),
    (401, "signature-coverage", _STOP),
    (401, "signature-algorithm", _STOP),
    (401, "signature-stale", _STOP),
    (401, "signature-invalid", _STOP),
    (401, "key-unknown", _STOP),
    (401, "key-expired", _STOP),
    (401, "key-not-yet-valid", _STOP),
    (403, "key-revoked", _STOP),
    (403, "key-not-approved", _STOP),
    (403, "enrolment-code-refused", _STOP),
    (404, "not-found", _STOP),
    (405, "method-not-allowed", _STOP),
    (408, "receive-timeout", _RETRY),
    (409, "batch-id-reused", _SET_ASIDE),
    (413, "body-too-large", _SPLIT),
    (415, "media-type-unsupported", _SET_ASIDE),
    (415, "coding-unsupported", _SET_ASIDE),
    (422, "contract-refused", _SET_ASIDE),
    (429, "rate-limited", _RETRY),
    (500, "internal", _RETRY),
    (503, "overloaded", _RETRY),
    (503, "store-unavailable", _RETRY),
)
_BY_STATUS = {status: duty for status, _, duty in _PROBLEMS} | {425: _RETRY}
_OTHERS = (402, 406, 407, 410, 411, 412, 414, 416, 417, 418, 421, 423, 424, 426, 428, 431, 451, 499)


_RECEIPT = {
    "schema": "vox.usage-receipt.v1",
    "batch_id": BATCH_ID,
    "payload_sha256": "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a",
    "event_count": 3,
    "received_at": "2026-11-22T10:00:00.123Z",
}


def vectors() -> Json:
    """Return duty.v1.json."""
    cases = [*_problems(), *_statuses(), *_retry_after(), *_no_retry_after(), *_bodies()]
    return document("duty", NOTES, cases)


def _answer(
    status: int, duty: str, *, body: Json | None = None, retry_after_s: float | None = None,
    **headers: str,
) -> dict[str, Any]:  # fmt: skip
    return {
        "status": status,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "body": text("") if body is None else body,
        "sent": {name: _RECEIPT[name] for name in ("batch_id", "payload_sha256", "event_count")},
        "now": NOW,
        "expected": {"duty": duty, "retry_after_s": retry_after_s},
    }


def _problem(slug: str, status: int, **members: object) -> Json:
    return text(json.dumps({"type": _PREFIX + slug, "title": slug, "status": status} | members))


def _problems() -> Iterator[Json]:
    for status, slug, duty in _PROBLEMS:
        answer = _answer(
            status, duty, body=_problem(slug, status), content_type="application/problem+json"
        )
        yield valid(slug, "Problem", **answer)
    violations = [{"event": 0, "pointer": "/metadata/name", "rule": "contract.pattern"}]
    refused = _problem("contract-refused", 422, violations=violations)
    yield valid("with violations", "Problem", **_answer(422, _SET_ASIDE, body=refused))
    stale = _problem("signature-stale", 401, sink_time="2026-11-22T10:07:00.000Z")
    yield valid("with the sink's time", "Problem", **_answer(401, _STOP, body=stale))


def _statuses() -> Iterator[Json]:
    for status, duty in _BY_STATUS.items():
        page = text("<html>proxy</html>")
        yield invalid(f"a proxy says {status}", "StatusOnly", **_answer(status, duty, body=page))
    for status in (501, 502, 504, 505, 507, 508, 511, 520, 599):
        yield invalid(f"a proxy says {status}", "StatusOnly", **_answer(status, _RETRY))
    for status in _OTHERS:
        yield invalid(f"the status {status}", "Unknown", **_answer(status, _STOP))
    for status in (300, 301, 302, 303, 304, 305, 307, 308, 399):
        answer = _answer(status, _STOP, location="https://other.example/v1/batches")
        yield invalid(f"the status {status}", "Redirect", **answer)


def _retry_after() -> Iterator[Json]:
    for value, seconds in {
        "0": 0,
        "1": 1,
        "007": 7,
        " 120 ": 120,
        "3600": RETRY_AFTER_MAX_S,
        "3601": RETRY_AFTER_MAX_S,
        "86400": RETRY_AFTER_MAX_S,
        "9" * 400: RETRY_AFTER_MAX_S,
        "Sun, 22 Nov 2026 10:02:00 GMT": 120,
        "Sunday, 22-Nov-26 10:02:00 GMT": 120,
        "Sun Nov 22 10:02:00 2026": 120,
        "Sun, 22 Nov 2026 10:00:00 GMT": 0,
        "Sun, 22 Nov 2026 09:59:59 GMT": 0,
        "Sun, 06 Nov 1994 08:49:37 GMT": 0,
        "Sun, 22 Nov 2026 11:00:00 GMT": RETRY_AFTER_MAX_S,
        "Sun, 22 Nov 2026 11:00:01 GMT": RETRY_AFTER_MAX_S,
        "Fri, 31 Dec 9999 23:59:59 GMT": RETRY_AFTER_MAX_S,
    }.items():
        for status, slug, duty in ((429, "rate-limited", _RETRY), (503, "overloaded", _RETRY)):
            answer = _answer(
                status, duty, body=_problem(slug, status), retry_after_s=seconds, retry_after=value
            )
            yield valid(f"{status}, Retry-After {value[:40]}", "RetryAfter", **answer)


def _no_retry_after() -> Iterator[Json]:
    for value in (
        "",
        " ",
        "soon",
        "-1",
        "+1",
        "1.5",
        "1e3",
        "0x10",
        "10, 20",
        "10 s",
        "PT10S",
        "Sun, 22 Nov 2026 10:02:00 +999999999999999",
        "\u0661\u0662",
        "\u00b2",
        "2026-11-22T10:02:00Z",
        "Sun, 32 Nov 2026 10:02:00 GMT",
        "Sun, 22 Foo 2026 10:02:00 GMT",
        "Sun, 22 Nov 2026 25:02:00 GMT",
        "Sun, 22 Nov",
        "GMT",
        ",",
        "\x00",
    ):
        answer = _answer(503, _RETRY, retry_after=value)
        yield invalid(f"Retry-After {value!a}", "RetryAfterMalformed", **answer)


def _bodies() -> Iterator[Json]:
    for status in (302, 400, 401, 413, 422, 500, 503):
        duty = _BY_STATUS.get(status, _STOP)
        answer = _answer(status, duty, body=text(json.dumps(_RECEIPT)))
        yield invalid(f"a good receipt with status {status}", "Disguised", **answer)
    other = _answer(500, _RETRY, body=_problem("contract-refused", 422))
    yield invalid("500 with a problem of 422", "Disguised", **other)
    other = _answer(422, _SET_ASIDE, body=_problem("internal", 500))
    yield invalid("422 with a problem of 500", "Disguised", **other)
    for what, body in {
        "bytes that are not UTF-8": raw(b"\xff\xfe"),
        "JSON of another shape": text('{"type":1,"violations":"x"}'),
        "an array": text("[]"),
        "5,000 arrays": concat(("[", 5_000)),
        "a number beyond all": concat('{"status":', ("9", 5_000), "}"),
        "control characters": text('{"title":"\\u001b[2J"}'),
        "more than an answer may hold": concat(("x", 65_537)),
    }.items():
        yield invalid(f"400 with {what}", "Body", **_answer(400, _SET_ASIDE, body=body))
        yield invalid(f"503 with {what}", "Body", **_answer(503, _RETRY, body=body))
