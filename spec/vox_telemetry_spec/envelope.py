"""The batch as it travels: composed by the client, read by the sink (wire 5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.errors import ContractRefusedError
from vox_telemetry_spec.limits import BATCH_MAX_EVENTS
from vox_telemetry_spec.strict_json import JsonObject, JsonValue, decode
from vox_telemetry_spec.taxonomy import TransmissionClass
from vox_telemetry_spec.times import format_time, parse_time
from vox_telemetry_spec.violations import Violation
from vox_telemetry_spec.wire import BATCH_SCHEMA

# Decoded, or the canonical bytes that `encode` made of it.
Event: TypeAlias = "JsonValue | msgspec.Raw"


class Producer(msgspec.Struct, frozen=True):
    """The program that made the batch; a product name and version, nothing about a person."""

    name: str
    version: str


class Envelope(msgspec.Struct, frozen=True):
    """A well-formed batch whose events have not been checked yet."""

    batch_id: str
    approved_at: datetime
    producer: Producer
    events: list[JsonValue]


def compose(
    events: Sequence[Event],
    *,
    batch_id: str,
    approved_at: datetime,
    producer: Producer,
) -> bytes:
    """Return the canonical payload bytes of one batch: what is kept, shown, signed and sent."""
    return msgspec.json.encode(
        {
            "schema": BATCH_SCHEMA,
            "batch_id": batch_id,
            "transmission_class": TransmissionClass.APPROVED_USAGE_UPLOAD.value,
            "approved_at": format_time(approved_at),
            "producer": {"name": producer.name, "version": producer.version},
            "events": list(events),
        }
    )


def read_envelope(payload: bytes, contracts: Contracts) -> Envelope:
    """Return the batch in `payload`; the events inside are still unchecked.

    Raises:
        JsonRefusedError: not strict JSON.
        ContractRefusedError: the envelope breaks its contract, or there are too many events.

    """
    document = decode(payload)
    found = list(contracts.envelope.violations(_without_events(document), None))
    if found or not isinstance(document, dict):
        raise ContractRefusedError(found)
    events = document["events"]
    if not isinstance(events, list) or len(events) > BATCH_MAX_EVENTS:
        raise ContractRefusedError([Violation(None, "/events", "contract.maxItems")])
    approved_at = parse_time(str(document["approved_at"]))
    if approved_at is None:
        raise ContractRefusedError([Violation(None, "/approved_at", "time.invalid")])
    producer = msgspec.convert(document["producer"], Producer)
    return Envelope(str(document["batch_id"]), approved_at, producer, events)


def _without_events(document: JsonValue) -> JsonValue:
    """Return the envelope with one empty stand-in event: each real one is checked on its own."""
    if not isinstance(document, dict):
        return document
    header: JsonObject = dict(document)
    if isinstance(header.get("events"), list) and header["events"]:
        header["events"] = [{}]
    return header
