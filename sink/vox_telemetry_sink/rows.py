"""What an accepted batch looks like in the tables; pure."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

import msgspec

from vox_telemetry_sink.enforce import Accepted
from vox_telemetry_sink.verify import SIGNATURE_HEADERS, Received
from vox_telemetry_spec.wire import CONTENT_ENCODING, REQUIRED_COMPONENTS

EVENT_COLUMNS: Final = (
    "batch_id",
    "event_index",
    "received_at",
    "recorded_at",
    "family",
    "metric_type",
    "sensitivity_class",
    "session_id",
    "metric_value",
    "metadata",
)
# What is kept of a request's headers: what the profile has signed, and the signature. A bearer
# token or an address that a proxy added is never among them.
_KEPT_FIELDS: Final = (
    *(name for name in REQUIRED_COMPONENTS if not name.startswith("@")),
    CONTENT_ENCODING,
    *SIGNATURE_HEADERS,
)


def batch_row(accepted: Accepted) -> tuple[object, ...]:
    """Return the values for claim_batches, in its order."""
    envelope, received = accepted.envelope, accepted.verified.received
    return (
        UUID(envelope.batch_id),
        accepted.verified.key.public.key_id,
        accepted.payload_sha256,
        received.coding,
        received.coded_body,
        signed_request(received),
        len(accepted.events),
        envelope.approved_at,
        accepted.received_at,
        envelope.producer.name,
        envelope.producer.version,
    )


def event_rows(accepted: Accepted) -> Iterator[tuple[object, ...]]:
    """Yield the values of EVENT_COLUMNS for each event."""
    batch_id = UUID(accepted.envelope.batch_id)
    for index, event in enumerate(accepted.events):
        yield (
            batch_id,
            index,
            accepted.received_at,
            event.recorded_at,
            event.family.family,
            event.family.metric_type,
            event.family.sensitivity_class.value,
            event.session_id,
            event.metric_value,
            event.metadata,
        )


def signed_request(received: Received) -> bytes:
    """Return what `coded_body` needs beside it to be verified again, as JSON."""
    request = received.request
    kept = {name: request.fields[name] for name in _KEPT_FIELDS if name in request.fields}
    return msgspec.json.encode(
        {
            "method": request.method,
            "authority": request.authority,
            "path": request.path,
            "fields": kept,
        }
    )
