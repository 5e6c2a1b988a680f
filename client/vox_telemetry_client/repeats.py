"""Was this event enqueued before? Digests of events, and counting with them. Pure.

Two equal events may both be true: the original stamps its rows by the second. So equal events are
counted: of five equal rows of which two were enqueued before, three are new. That needs no mark
in a database of another program, and holds for a moved or copied one; a filter or a retention rule
takes or leaves all equal rows together, since it asks for nothing that they differ in.
"""

import hashlib
from collections import Counter
from collections.abc import Callable

import msgspec

# Half a SHA-256: a collision would need about 2**64 events.
DIGEST_BYTES = 16


class _Payload(msgspec.Struct):
    events: list[msgspec.Raw] = []


def event_digest(canonical: bytes) -> bytes:
    """Return the digest of an event's canonical bytes."""
    return hashlib.sha256(canonical).digest()[:DIGEST_BYTES]


def payload_digests(payload: bytes) -> list[bytes]:
    """Return the digest of each event of a batch, in its order; other bytes have none."""
    try:
        events = msgspec.json.decode(payload, type=_Payload).events
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    return [event_digest(bytes(raw)) for raw in events]


class Repeats:
    """Tells the events of one call that were enqueued before; each enqueued one counts once."""

    def __init__(
        self, enqueued: Counter[bytes], certain: Callable[[], Counter[bytes]] | None = None
    ) -> None:
        """Take the digests of what was enqueued, which are counted down from here on.

        Where only `certain` knows that they were, it is asked for them when the first is met.
        """
        self._left = enqueued
        self._certain = certain
        self._used: Counter[bytes] = Counter()
        self.found = 0

    def learn(self, enqueued: Counter[bytes]) -> None:
        """Take what is enqueued by now, in place of before; what was found stays found."""
        self._left = enqueued - self._used
        self._certain = None

    def new_among(self, events: list[bytes]) -> list[bytes]:
        """Return those of some events, as their canonical bytes, that were not enqueued before."""
        if not self._left:
            return events
        return [event for event in events if not self.is_repeat(event)]

    def is_repeat(self, canonical: bytes) -> bool:
        """Tell whether an event, as its canonical bytes, was enqueued before."""
        digest = event_digest(canonical)
        if self._left[digest] <= 0:
            return False
        if self._certain is not None:
            self.learn(self._certain())
            return self.is_repeat(canonical)
        self._left[digest] -= 1
        self._used[digest] += 1
        self.found += 1
        return True
