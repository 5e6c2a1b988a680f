"""Receipt vectors: a 2xx answer and what was sent; only a match acknowledges (wire 8)."""

import json
from collections.abc import Iterator

from vector_cases.form import Json, concat, document, invalid, note, raw, text, valid
from vector_cases.message import BATCH_ID

NOTES = {
    "Plain": note("BASIC", "A receipt for what was sent.", "Sent batches pile up for ever."),
    "Spelling": note("CAN_OF_WORMS", "The same receipt, spelt otherwise.", "An honest sink fails."),
    "Boundary": note("EDGE_CASE", "At a limit, which is still allowed.", "Off by one."),
    "OtherBatch": note(
        "DATA_LOSS", "A good receipt, for other bytes than those sent.",
        "The client deletes what nobody holds.",
    ),
    "Schema": note(
        "DATA_LOSS", "A document that breaks the receipt's closed schema.",
        "Defaults are filled in and taken for an acknowledgement.",
    ),
    "NoReceipt": note(
        "DATA_LOSS", "A captive portal, a proxy or another program answers 2xx.",
        "The client deletes what never arrived.",
    ),
    "TooLong": note("DENIAL_OF_SERVICE", "More than 65,536 bytes, or a coded answer.",
                    "An answer fills the client's memory."),
}  # fmt: skip
ANSWER_MAX_BYTES = 65_536
_SHA = "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"
_SENT = {"batch_id": BATCH_ID, "payload_sha256": _SHA, "event_count": 3}
_OTHER_ID = BATCH_ID[:-1] + "3"
_MEDIA = {"content-type": "application/vnd.vox.usage-receipt.v1+json"}
_GONE = object()


def vectors() -> Json:
    """Return receipt.v1.json."""
    return document("receipt", NOTES, [*_valid(), *_invalid()])


def _receipt(**changes: object) -> Json:
    made = {
        "batch_id": BATCH_ID,
        "payload_sha256": _SHA,
        "event_count": 3,
        "received_at": "2026-11-22T10:00:00.123Z",
        "schema": "vox.usage-receipt.v1",
    } | changes
    return {name: value for name, value in made.items() if value is not _GONE}


def _body(**changes: object) -> Json:
    return text(json.dumps(_receipt(**changes)))


def _answer(body: Json, **members: object) -> Json:
    return {"status": 201, "headers": _MEDIA, "body": body, "sent": _SENT} | members


def _taken(comment: str, flags: str, body: Json, **members: object) -> Json:
    answer = _answer(body, **members)
    expected = {"duty": "acknowledge", "duplicate": answer["status"] == 200}  # noqa: PLR2004 (wire 7)
    return valid(comment, flags, **answer, expected=expected)


def _kept(comment: str, flags: str, body: Json, **members: object) -> Json:
    return invalid(comment, flags, **_answer(body, **members), expected={"duty": "stop"})


def _valid() -> Iterator[Json]:
    yield _taken("stored now", "Plain", _body())
    yield _taken("stored before", "Plain", _body(), status=200)
    yield _taken("another media type", "Spelling", _body(), headers={"content-type": "text/plain"})
    yield _taken("no headers", "Spelling", _body(), headers={})
    shown = json.dumps(dict(reversed(_receipt().items())), indent=2)
    yield _taken("another order, white space", "Spelling", text(f"\n{shown}\n"))
    escaped = json.dumps(_receipt()).replace("vox", "\\u0076ox")
    yield _taken("escaped letters", "Spelling", text(escaped))
    for received_at in ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00.123456789Z"):
        yield _taken(f"received at {received_at}", "Boundary", _body(received_at=received_at))
    for count in (1, 2_000):
        sent = _SENT | {"event_count": count}
        yield _taken(f"{count} events", "Boundary", _body(event_count=count), sent=sent)
    whole = json.dumps(_receipt())
    padding = (" ", ANSWER_MAX_BYTES - len(whole))
    yield _taken("as long as an answer may be", "Boundary", concat(whole, padding))


def _invalid() -> Iterator[Json]:
    for member, value in {
        "batch_id": _OTHER_ID,
        "payload_sha256": _SHA[::-1],
        "event_count": 2,
    }.items():
        yield _kept(f"another {member}", "OtherBatch", _body(**{member: value}))
        yield _kept(
            f"{member} of another batch, 200", "OtherBatch", _body(**{member: value}), status=200
        )
    everything = _body(batch_id=_OTHER_ID, payload_sha256=_SHA[::-1], event_count=9)
    yield _kept("of another batch altogether", "OtherBatch", everything)
    yield from _schema()
    yield from _no_receipts()
    yield from _too_long()


_MEMBERS: tuple[tuple[str, object], ...] = (
    ("batch_id", BATCH_ID.upper()),
    ("batch_id", BATCH_ID.replace("-", "")),
    ("batch_id", f"{BATCH_ID} "),
    ("payload_sha256", _SHA.upper()),
    ("payload_sha256", _SHA[:-1]),
    ("payload_sha256", f"{_SHA}\n"),
    ("payload_sha256", f"sha256:{_SHA}"),
    ("payload_sha256", ""),
    ("event_count", "3"),
    ("event_count", 3.5),
    ("event_count", [3]),
    ("received_at", "yesterday"),
    ("received_at", "2026-11-22T10:00:00+00:00"),
    ("received_at", "2026-02-30T10:00:00Z"),
    ("received_at", ""),
    ("received_at", 1_795_341_600),
    ("schema", "vox.usage-receipt.v2"),
    ("schema", ""),
    ("note", "hello"),
)


def _schema() -> Iterator[Json]:
    for member in _receipt():
        yield _kept(f"no {member}", "Schema", _body(**{member: _GONE}))
        yield _kept(f"{member} is null", "Schema", _body(**{member: None}))
    for member, value in _MEMBERS:
        yield _kept(f"{member} is {value!r}", "Schema", _body(**{member: value}))
    one = _SENT | {"event_count": 1}
    yield _kept("event_count true is not 1", "Schema", _body(event_count=True), sent=one)
    for count in (0, -1, 2_001):
        sent = _SENT | {"event_count": count}
        yield _kept(f"{count} events", "Schema", _body(event_count=count), sent=sent)
    yield _kept("in an array", "Schema", text(json.dumps([_receipt()])))
    yield _kept("in an object", "Schema", text(json.dumps({"receipt": _receipt()})))
    yield _kept("in a string", "Schema", text(json.dumps(json.dumps(_receipt()))))


def _no_receipts() -> Iterator[Json]:
    html = {"content-type": "text/html"}
    yield _kept("a login page", "NoReceipt", text("<html>Sign in</html>"), status=200, headers=html)
    whole = json.dumps(_receipt())
    for what, body in {
        "nothing": text(""),
        "white space": text(" \r\n"),
        "OK": text("OK"),
        "an empty object": text("{}"),
        "null": text("null"),
        "a cut receipt": text(whole[:-1]),
        "two receipts": text(whole + whole),
        "a receipt and more": text(whole + " x"),
        "a byte order mark": raw(b"\xef\xbb\xbf" + whole.encode()),
        "UTF-16": raw(f"\ufeff{whole}".encode("utf-16-le")),
        "bytes that are not UTF-8": raw(whole.encode().replace(b"vox", b"\xff\xff\xff")),
        "5,000 arrays": concat(("[", 5_000)),
        "the batch itself": text('{"schema":"vox.usage-batch.v1"}'),
        "a problem": text('{"type":"urn:vox-telemetry:problem:internal","status":500}'),
    }.items():
        yield _kept(what, "NoReceipt", body)
    for status in (202, 204, 206, 299):
        yield _kept(f"status {status} without a body", "NoReceipt", text(""), status=status)


def _too_long() -> Iterator[Json]:
    whole = json.dumps(_receipt())
    padding = (" ", ANSWER_MAX_BYTES + 1 - len(whole))
    yield _kept("one byte too long", "TooLong", concat(whole, padding))
    coded = _MEDIA | {"content-encoding": "gzip"}
    yield _kept("said to be in gzip", "TooLong", _body(), headers=coded)
