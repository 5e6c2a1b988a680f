"""One batch: its bytes, and the journal's word on them. Pure."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import msgspec

from vox_telemetry_spec.envelope import Event, Producer, compose
from vox_telemetry_spec.times import parse_time
from vox_telemetry_spec.uuid7 import RANDOM_BYTES, uuid7

_EVENTS = b',"events":['
_COUNTER_BYTES = 2
_COUNTER_BITS = 12


class Approval(msgspec.Struct, frozen=True):
    """These bytes, and no others, may be sent under this id."""

    batch_id: str
    payload_sha256: str
    event_count: int
    byte_count: int

    def approves(self, payload: bytes) -> bool:
        """Tell whether these are the bytes."""
        return sha256_hex(payload) == self.payload_sha256


class _Head(msgspec.Struct, frozen=True):
    approved_at: str


@dataclass(frozen=True)
class Batch:
    """The payload bytes of one batch, as they are kept, shown, signed and sent."""

    batch_id: str
    payload: bytes
    event_count: int

    @cached_property
    def payload_sha256(self) -> str:
        """The digest that the journal approves and the receipt must name, in hex."""
        return sha256_hex(self.payload)

    @cached_property
    def approved_at(self) -> datetime | None:
        """When an operator approved the events, as the payload says; None where it does not."""
        # What `compose` writes says it before the events, which need not be walked through then.
        head, events, _ = self.payload.partition(_EVENTS)
        for part in (head + b"}", self.payload) if events else (self.payload,):
            try:
                return parse_time(msgspec.json.decode(part, type=_Head).approved_at)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
        return None

    @property
    def approval(self) -> Approval:
        """The journal's word on this batch."""
        return Approval(self.batch_id, self.payload_sha256, self.event_count, len(self.payload))


def sha256_hex(payload: bytes) -> str:
    """Return the digest of a batch's bytes as the journal, the receipt and a person spell it."""
    return hashlib.sha256(payload).hexdigest()


def compose_all(
    runs: Iterable[Sequence[Event]],
    *,
    producer: Producer,
    approved_at: datetime,
    random: Callable[[int], bytes],
) -> Iterator[Batch]:
    """Yield one batch for each run of events; their ids sort in the order of the runs.

    A counter in the first random bits keeps batches of one millisecond in order (RFC 9562 section
    6.2, method 1); `random` returns so many random bytes.
    """
    for number, events in enumerate(runs):
        later_ms, counter = divmod(number, 1 << _COUNTER_BITS)
        unix_ms = int((approved_at + timedelta(milliseconds=later_ms)).timestamp() * 1_000)
        bits = counter.to_bytes(_COUNTER_BYTES) + random(RANDOM_BYTES - _COUNTER_BYTES)
        batch_id = uuid7(unix_ms, bits)
        payload = compose(events, batch_id=batch_id, approved_at=approved_at, producer=producer)
        yield Batch(batch_id, payload, len(events))
