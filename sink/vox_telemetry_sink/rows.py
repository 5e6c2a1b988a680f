"""What an accepted batch looks like in the tables; pure."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

import msgspec

from vox_telemetry_sink.enforce import Accepted
from vox_telemetry_sink.verify import SIGNATURE_HEADERS, Verified

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


def batch_row(accepted: Accepted) -> tuple[object, ...]:
    """Return the values for claim_batches, in its order."""
    envelope, received = accepted.envelope, accepted.verified.received
    return (
        UUID(envelope.batch_id),
        accepted.verified.key.public.key_id,
        accepted.payload_sha256,
        received.coding,
        received.coded_body,
        signed_request(accepted.verified),
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


def signed_request(verified: Verified) -> bytes:
    """Return what `coded_body` needs beside it to be verified again, as JSON.

    Of the headers only what the signature covers is kept, and the signature: never a bearer token
    or an address (wire 6.2), at most SIGNATURE_BASE_MAX_BYTES.
    """
    request = verified.received.request
    return msgspec.json.encode(
        {
            "method": request.method,
            "authority": request.authority,
            "path": request.path,
            "fields": {
                name: request.fields[name] for name in (*verified.claim.covered, *SIGNATURE_HEADERS)
            },
        }
    )
