"""Was this event enqueued before? Digests of events, and counting with them. Pure.

Two equal events may both be true: the original stamps its rows by the second. So equal events are
counted: of five equal rows of which two were enqueued before, three are new. That needs no mark
in a database of another program, and holds for a moved or copied one; a filter or a retention rule
takes or leaves all equal rows together, since it asks for nothing that they differ in.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable

import msgspec

from vox_telemetry_spec.strict_json import JsonValue, encode

# Half a SHA-256: a collision would need about 2**64 events.
DIGEST_BYTES = 16


class _Payload(msgspec.Struct):
    events: list[msgspec.Raw] = []


def event_digest(event: JsonValue) -> bytes:
    """Return the digest of an event's canonical bytes."""
    return _digest(encode(event))


def payload_digests(payload: bytes) -> list[bytes]:
    """Return the digest of each event of a batch, in its order; other bytes have none."""
    try:
        events = msgspec.json.decode(payload, type=_Payload).events
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    return [_digest(bytes(raw)) for raw in events]


def without_repeats(
    events: Iterable[JsonValue], enqueued: Counter[bytes]
) -> tuple[list[JsonValue], int]:
    """Return the new ones of `events`, and how many were left out; `enqueued` counts by digest."""
    left = Counter(enqueued)
    new = []
    repeated = 0
    for event in events:
        digest = event_digest(event)
        if left[digest] > 0:
            left[digest] -= 1
            repeated += 1
        else:
            new.append(event)
    return new, repeated


def _digest(canonical: bytes) -> bytes:
    return hashlib.sha256(canonical).digest()[:DIGEST_BYTES]
