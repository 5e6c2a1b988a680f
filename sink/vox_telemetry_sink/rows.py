"""What an accepted batch looks like in its table; pure."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import msgspec

from vox_telemetry_sink.enforce import Accepted
from vox_telemetry_sink.verify import SIGNATURE_HEADERS, Verified


def batch_row(accepted: Accepted) -> tuple[object, ...]:
    """Return the values for claim_batches, in its order."""
    received = accepted.verified.received
    return (
        UUID(accepted.batch_id),
        accepted.verified.key.public.key_id,
        accepted.payload_sha256,
        received.coding,
        received.coded_body,
        signed_request(accepted.verified),
        len(accepted.events.families),
        accepted.approved_at,
        accepted.received_at,
        accepted.producer.name,
        accepted.producer.version,
        msgspec.json.encode(Counter(family.family for family in accepted.events.families)),
    )


def tally_columns(repeated: Sequence[Accepted]) -> list[list[object]]:
    """Return the columns for count_duplicates: a row for each day and key, sorted."""
    # `received_at` of a repetition is its own, and in UTC.
    found = [
        ((one.received_at.date(), one.verified.key.public.key_id), len(one.events.families))
        for one in repeated
    ]
    batches = Counter(row for row, _ in found)
    events = Counter(dict.fromkeys(batches, 0))
    for row, count in found:
        events[row] += count
    rows = [(*row, batches[row], events[row]) for row in sorted(batches)]
    return [list(column) for column in zip(*rows, strict=True)]


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
