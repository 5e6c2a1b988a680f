"""Batch vectors: a decoded payload with its Idempotency-Key, against the contract (wire 5).

Events are of benchmark_event, whose closed contract is the simplest; the checks are the same for
every family.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from vector_cases import batch_events, batch_notes
from vector_cases.form import Json, concat, document, invalid, octets, raw, text, valid
from vector_cases.message import BATCH_ID, NOW

MAX_EVENTS = 2_000
LISTED_VIOLATIONS_MAX_COUNT = 100
_HEADER = f'"{BATCH_ID}"'
_GONE = object()
_CLOSED = "contract.additionalProperties"


def vectors() -> Json:
    """Return batch.v1.json."""
    return document("batch", batch_notes.NOTES, [*_valid(), *_invalid()])


def compact(value: object) -> str:
    """Return JSON as our client writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def envelope(*events: object, **changes: object) -> Json:
    """Return a batch of these events (one good one if none) with some members changed."""
    made = {
        "schema": "vox.usage-batch.v1",
        "batch_id": BATCH_ID,
        "transmission_class": "approved_usage_upload",
        "approved_at": "2026-11-22T09:59:00.000Z",
        "producer": {"name": "vox-telemetry", "version": "0.1.0"},
        "events": list(events) or [batch_events.good()],
    } | changes
    return {name: value for name, value in made.items() if value is not _GONE}


def many(count: int) -> Json:
    """Return the payload of so many equal events, described."""
    head, tail = compact(envelope()).split(compact(batch_events.good()))
    event = compact(batch_events.good())
    return concat(head, (event + ",", count - 1), event + tail)


def _accepted(
    comment: str, flags: str, payload: Json, count: int = 1, header: str = _HEADER
) -> Json:
    expected = {
        "event_count": count,
        "payload_sha256": hashlib.sha256(octets(payload)).hexdigest(),
    }
    return valid(
        comment, flags, payload=payload, idempotency_key=header, now=NOW, expected=expected
    )


def _valid() -> Iterator[Json]:
    for comment, flags, event in batch_events.accepted():
        yield _accepted(comment, flags, text(compact(envelope(event))))
    several = [batch_events.good(metric_value=number) for number in range(3)]
    yield _accepted("three events", "Plain", text(compact(envelope(*several))), 3)
    yield _accepted("2,000 events", "Boundary Large", many(MAX_EVENTS), MAX_EVENTS)
    shown = json.dumps(envelope(), indent=2)
    yield _accepted("white space", "Spelling", text(shown))
    backwards = dict(reversed(envelope().items()))
    yield _accepted("members in reverse", "Spelling", text(compact(backwards)))
    escaped = compact(envelope()).replace("bench", "\\u0062ench")
    yield _accepted("escaped letters", "Spelling", text(escaped))
    for digit in "89ab":
        batch_id = f"019aab3e-7c00-7fff-{digit}fff-ffffffffffff"
        payload = text(compact(envelope(batch_id=batch_id)))
        yield _accepted(
            f"a batch id of variant {digit}", "Boundary", payload, header=f'"{batch_id}"'
        )
    longest = {"name": "n" * 128, "version": "1.2.3-rc.1+build_5:x"}
    yield _accepted("a long producer", "Boundary", text(compact(envelope(producer=longest))))
    old = text(compact(envelope(approved_at="2020-02-29T23:59:59.999999999Z")))
    yield _accepted("approved long ago", "Time", old)


def _invalid() -> Iterator[Json]:
    for comment, flags, event, *places in batch_events.refused():
        found = [(0, pointer, rule) for pointer, rule in places]
        yield _broken(comment, flags, text(compact(envelope(event))), found)
    yield from _broken_envelopes()
    yield from _several()
    yield from _idempotency_keys()
    yield from _not_json()


def _broken(comment: str, flags: str, payload: Json, places: list[tuple[Any, str, str]]) -> Json:
    listed = [{"event": e, "pointer": pointer, "rule": rule} for e, pointer, rule in places]
    return _refused(comment, flags, payload, "contract-refused", listed)


def _refused(
    comment: str, flags: str, payload: Json, problem: str, violations: list[Json], **members: object
) -> Json:
    sent = {"payload": payload, "idempotency_key": _HEADER, "now": NOW} | members
    expected = {"problem": problem, "violations": violations}
    return invalid(comment, flags, **sent, expected=expected)


_ENVELOPES: tuple[tuple[str, object, str, str], ...] = (
    ("schema", "vox.usage-batch.v2", "/schema", "contract.const"),
    ("schema", None, "/schema", "contract.const"),
    ("transmission_class", "local_only", "/transmission_class", "contract.const"),
    ("transmission_class", "explicit_operator_export", "/transmission_class", "contract.const"),
    ("batch_id", BATCH_ID.upper(), "/batch_id", "contract.pattern"),
    ("batch_id", "8f14e45f-ceea-467f-a0e6-1b2c3d4e5f60", "/batch_id", "contract.pattern"),
    ("batch_id", BATCH_ID.replace("-", ""), "/batch_id", "contract.pattern"),
    ("batch_id", BATCH_ID[:19] + "c" + BATCH_ID[20:], "/batch_id", "contract.pattern"),
    ("batch_id", f"{{{BATCH_ID}}}", "/batch_id", "contract.pattern"),
    ("batch_id", BATCH_ID + "\n", "/batch_id", "contract.pattern"),
    ("batch_id", "", "/batch_id", "contract.pattern"),
    ("batch_id", 1, "/batch_id", "contract.type"),
    ("approved_at", "2026-11-22T10:59:00+01:00", "/approved_at", "contract.pattern"),
    ("approved_at", "2026-11-22", "/approved_at", "contract.pattern"),
    ("approved_at", "2026-02-30T00:00:00Z", "/approved_at", "time.invalid"),
    ("producer", "vox-telemetry", "/producer", "contract.type"),
    ("producer", {"name": "vox-telemetry"}, "/producer", "contract.required"),
    ("producer", {"name": "", "version": "1"}, "/producer/name", "contract.pattern"),
    ("producer", {"name": "n" * 129, "version": "1"}, "/producer/name", "contract.pattern"),
    ("producer", {"name": "caf\u00e9", "version": "1"}, "/producer/name", "contract.pattern"),
    ("producer", {"name": "a", "version": 1}, "/producer/version", "contract.type"),
    ("producer", {"name": "a", "version": "1", "host": "h"}, "/producer", _CLOSED),
    ("events", [], "/events", "contract.minItems"),
    ("events", {}, "/events", "contract.type"),
    ("events", None, "/events", "contract.type"),
    ("note", "hello", "", _CLOSED),
)  # fmt: skip


def _broken_envelopes() -> Iterator[Json]:
    for member, value, pointer, rule in _ENVELOPES:
        payload = text(compact(envelope(**{member: value})))
        comment = f"{member} is {compact(value)[:60]}"
        yield _broken(comment, "Envelope", payload, [(None, pointer, rule)])
    for member in envelope():
        payload = text(compact(envelope(**{member: _GONE})))
        yield _broken(f"no {member}", "Envelope", payload, [(None, "", "contract.required")])
    for value, rule in (([], "contract.type"), ({}, "contract.required"), (None, "contract.type")):
        places = [(None, "", rule)] * (len(envelope()) if value == {} else 1)
        yield _broken(f"the payload is {value}", "Envelope", text(compact(value)), places)
    over = many(MAX_EVENTS + 1)
    yield _broken("2,001 events", "OverLimit Large", over, [(None, "/events", "contract.maxItems")])


def _several() -> Iterator[Json]:
    bad = batch_events.good(metric_value="1")
    place = ("/metric_value", "contract.type")
    payload = text(compact(envelope(bad, batch_events.good(), bad)))
    yield _broken("the first and the last of three", "Places", payload, [(0, *place), (2, *place)])
    twice = batch_events.good(metric_value="1", recorded_at="2020-01-01T00:00:00Z")
    both = [(0, *place), (0, "/recorded_at", "time.too-old")]
    yield _broken("two faults of one event", "Places", text(compact(envelope(twice))), both)
    event = compact(bad)
    head, tail = compact(envelope()).split(compact(batch_events.good()))
    listed = [(number, *place) for number in range(LISTED_VIOLATIONS_MAX_COUNT)]
    payload = concat(head, (event + ",", 149), event + tail)
    yield _broken("150 bad events, of which 100 are listed", "Places", payload, listed)


def _idempotency_keys() -> Iterator[Json]:
    payload = text(compact(envelope()))
    for header, slug in (
        ("", "missing"),
        (BATCH_ID, "missing"),
        (f"{_HEADER};a=1", "missing"),
        (f"{_HEADER}, {_HEADER}", "missing"),
        (f'"{BATCH_ID[:-1]}3"', "mismatch"),
        (f'"{BATCH_ID.upper()}"', "mismatch"),
        ('""', "mismatch"),
    ):
        problem = f"idempotency-key-{slug}"
        comment = f"the Idempotency-Key is {header}"
        yield _refused(comment, "IdempotencyKey", payload, problem, [], idempotency_key=header)


def _not_json() -> Iterator[Json]:
    good = compact(envelope())
    name, value = "/events/0/metadata/name", "/events/0/metric_value"
    for comment, payload, pointer, rule in (
        ("nothing", text(""), "", "json.syntax"),
        ("a login page", text("<html><body>Sign in</body></html>"), "", "json.syntax"),
        ("NaN", text(good.replace("0.5", "NaN")), value, "json.not-finite"),
        ("a name twice", text(good.replace('{"name":"ci', '{"name":"x","name":"ci')), name,
         "json.duplicate-name"),
        ("two documents", text(good + good), "", "json.trailing-data"),
        ("a byte order mark", raw(b"\xef\xbb\xbf" + good.encode()), "", "json.syntax"),
        ("UTF-16", raw(f"\ufeff{good}".encode("utf-16-le")), "", "json.encoding"),
        ("17 levels", text(good.replace("0.5", "[" * 14 + "]" * 14)), value + "/0" * 13,
         "json.depth"),
        ("a lone surrogate", text(good.replace("ci_build", "\\ud800")), name, "json.surrogate"),
        ("U+0000", text(good.replace("ci_build", "\\u0000")), name, "json.nul"),
    ):  # fmt: skip
        violation = {"event": None, "pointer": pointer, "rule": rule}
        yield _refused(comment, "Json", payload, "body-malformed", [violation])
