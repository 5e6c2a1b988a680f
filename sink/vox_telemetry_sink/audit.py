"""Does a stored batch still say what its client signed? Pure; never a value, only kinds.

The signature vouches for the headers and, by their Content-Digest, for the coded body. The body is
unpacked, and every column that came from it is compared with it. `received_at` is the sink's own
word: it is held against the signed `created`, as roughly as `created` may lie (wire 6.4).

The contract is not asked again on purpose, but for an event's family: a later version may refuse
what was good when it came.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from vox_telemetry_sink.canonical import same_json
from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.unpack import unpack_body
from vox_telemetry_sink.verify import SIGNATURE_HEADERS
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.digest import check_content_digest
from vox_telemetry_spec.envelope import Producer
from vox_telemetry_spec.errors import (
    FieldRefusedError,
    JsonRefusedError,
    KeyRefusedError,
    SignatureRefusedError,
)
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.limits import AUDIT_CLOCK_SLACK_S, SIGNATURE_MAX_SKEW_S
from vox_telemetry_spec.signature import PresentedSignature, read_signature
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.strict_json import JsonValue, decode
from vox_telemetry_spec.structured_fields import parse_string
from vox_telemetry_spec.taxonomy import Family
from vox_telemetry_spec.times import parse_time
from vox_telemetry_spec.wire import CONTENT_ENCODING


class AuditedBatch(NamedTuple):
    """The columns of audit_batches; `public_key` None: the key is not enrolled any more."""

    batch_id: UUID
    key_id: str
    public_key: bytes | None
    payload_sha256: bytes
    content_encoding: str | None
    coded_body: bytes
    signed_request: bytes
    event_count: int
    approved_at: datetime
    received_at: datetime
    producer_name: str
    producer_version: str
    family_counts: bytes | None


class AuditedEvent(NamedTuple):
    """The columns of audit_events."""

    event_index: int
    received_at: datetime
    recorded_at: datetime
    family: str
    metric_type: str
    sensitivity_class: str
    session_id: str
    metric_value: float | None
    metadata: bytes


class Difference(NamedTuple):
    """Where a batch is not what was signed: which kind, and in which event, never a value."""

    batch_id: str
    kind: str
    event: int | None = None


class _Request(msgspec.Struct):
    method: str
    authority: str
    path: str
    fields: dict[str, str]


class _Payload(msgspec.Struct):
    batch_id: str
    approved_at: str
    producer: Producer
    events: list[dict[str, Any]]


_UNREADABLE: Final = (msgspec.MsgspecError, RefusalError, JsonRefusedError, UnicodeDecodeError)


def audit(
    batch: AuditedBatch, events: Sequence[AuditedEvent], contracts: Contracts
) -> Iterator[Difference]:
    """Yield what is not as it was signed, in a batch and the rows of its events."""
    name = str(batch.batch_id)
    try:
        request = msgspec.json.decode(batch.signed_request, type=_Request)
    except (msgspec.DecodeError, UnicodeDecodeError):
        yield Difference(name, "signed-request")
        return
    for kind in _of_signature(batch, request):
        yield Difference(name, kind)
    try:
        body = unpack_body(
            request.fields.get(CONTENT_ENCODING, "").lower() or None, batch.coded_body
        )
        payload = msgspec.convert(decode(body), _Payload)
    except _UNREADABLE:
        yield Difference(name, "payload")
        return
    if not hmac.compare_digest(hashlib.sha256(body).digest(), batch.payload_sha256):
        yield Difference(name, "payload-sha256")
    for kind in _of_payload(batch, request, payload):
        yield Difference(name, kind)
    families = [contracts.family_of(event) for event in payload.events]
    if not _counts_agree(batch.family_counts, families):
        yield Difference(name, "family-counts")
    possible = [
        [family] if family else contracts.registry.families_of(str(event.get("metric_type")))
        for family, event in zip(families, payload.events, strict=True)
    ]
    for kind, index in _of_events(batch, payload, events, possible):
        yield Difference(name, kind, index)


def _of_signature(batch: AuditedBatch, request: _Request) -> Iterator[str]:
    """Check what the request claims, with the key as it was enrolled, and its digest."""
    signable = SignableRequest(request.method, request.authority, request.path, request.fields)
    try:
        claim = read_signature(signable, *map(request.fields.get, SIGNATURE_HEADERS))
    except SignatureRefusedError:
        yield "signature"
    else:
        yield from _of_claim(batch, claim)
    try:
        check_content_digest(request.fields.get("content-digest"), batch.coded_body)
    except SignatureRefusedError:
        yield "content-digest"
    if (request.fields.get(CONTENT_ENCODING, "").lower() or None) != batch.content_encoding:
        yield "content-encoding"


def _of_claim(batch: AuditedBatch, claim: PresentedSignature) -> Iterator[str]:
    skew_s = abs(batch.received_at.timestamp() - claim.created)
    if skew_s > SIGNATURE_MAX_SKEW_S + AUDIT_CLOCK_SLACK_S:
        yield "received-at"
    if claim.key_id != batch.key_id:
        yield "key-id"
    if batch.public_key is None:
        yield "key-not-enrolled"
        return
    try:
        key = PublicKey(batch.public_key)
    except KeyRefusedError:
        yield "key"
        return
    if key.key_id != batch.key_id:
        yield "key"
    if not key.verifies(claim.signature, claim.base):
        yield "signature"


def _of_payload(batch: AuditedBatch, request: _Request, payload: _Payload) -> Iterator[str]:
    try:
        named = parse_string("Idempotency-Key", request.fields.get("idempotency-key", ""))
    except FieldRefusedError:
        named = ""
    pairs = {
        "idempotency-key": (named, payload.batch_id),
        "batch-id": (str(batch.batch_id), payload.batch_id),
        "event-count": (batch.event_count, len(payload.events)),
        "approved-at": (batch.approved_at, parse_time(payload.approved_at)),
        "producer-name": (batch.producer_name, payload.producer.name),
        "producer-version": (batch.producer_version, payload.producer.version),
    }
    yield from (kind for kind, (stored, signed) in pairs.items() if stored != signed)


def _counts_agree(stored: bytes | None, families: Sequence[Family | None]) -> bool:
    """Compare how many events of each family there are, as far as the contract still tells."""
    if stored is None or None in families:
        return True
    signed = Counter(family.family for family in families if family is not None)
    return same_json(stored, msgspec.json.encode(signed))


def _of_events(
    batch: AuditedBatch,
    payload: _Payload,
    rows: Sequence[AuditedEvent],
    possible: Sequence[Sequence[Family]],
) -> Iterator[tuple[str, int]]:
    stored: dict[int, AuditedEvent] = {}
    for row in rows:
        if row.event_index in stored or not 0 <= row.event_index < len(payload.events):
            yield "event-unexpected", row.event_index
        stored.setdefault(row.event_index, row)
    for index, event in enumerate(payload.events):
        if index not in stored:
            yield "event-missing", index
            continue
        for column in _of_event(batch, stored[index], event, possible[index]):
            yield f"event.{column}", index


def _of_event(
    batch: AuditedBatch,
    row: AuditedEvent,
    event: dict[str, JsonValue],
    possible: Sequence[Family],
) -> Iterator[str]:
    """Yield the columns that are not what the signed event says, or not of a possible family."""
    value = event.get("metric_value")
    signed = {
        "received_at": batch.received_at,
        "recorded_at": parse_time(str(event.get("recorded_at"))),
        "metric_type": event.get("metric_type"),
        "session_id": event.get("session_id"),
        "metric_value": float(value) if isinstance(value, int | float) else None,
    }
    yield from (column for column, found in signed.items() if getattr(row, column) != found)
    if not same_json(row.metadata, msgspec.json.encode(event.get("metadata"))):
        yield "metadata"
    if row.family not in [family.family for family in possible]:
        yield "family"
    if row.sensitivity_class not in [family.sensitivity_class.value for family in possible]:
        yield "sensitivity_class"
