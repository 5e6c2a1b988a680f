"""Batches at the limits of the contract: as many events and bytes as one may have."""

import random
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Final

import msgspec
from made import PRODUCER, request

from support.events import benchmark_event
from vox_telemetry_spec.envelope import compose
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.limits import (
    BATCH_MAX_EVENTS,
    CODED_BODY_MAX_BYTES,
    DECODED_BODY_MAX_BYTES,
)
from vox_telemetry_spec.uuid7 import uuid7

_ENVELOPE_BYTES: Final = 512
_SEED: Final = 6
_MEASURES_MAX_COUNT: Final = 32  # that a contract admits in `details`


def uncoded(count: int, keys: Sequence[SigningKey]) -> list[bytes]:
    """Return requests whose body is the payload itself, as large as a coded body may be."""
    return [
        _upload(keys[number % len(keys)], CODED_BODY_MAX_BYTES, None) for number in range(count)
    ]


def coded(count: int, keys: Sequence[SigningKey]) -> list[bytes]:
    """Return requests whose zstd body unpacks to as much as a payload may have."""
    return [
        _upload(keys[number % len(keys)], DECODED_BODY_MAX_BYTES, "zstd") for number in range(count)
    ]


def _upload(key: SigningKey, payload_bytes: int, coding: str | None) -> bytes:
    batch_id = uuid7(time.time_ns() // 1_000_000, secrets.token_bytes(10))
    events = _events(payload_bytes - _ENVELOPE_BYTES)
    payload = compose(events, batch_id=batch_id, approved_at=datetime.now(UTC), producer=PRODUCER)
    return request(batch_id, payload, coding, key)


@cache
def _events(room_bytes: int) -> list[msgspec.Raw]:
    """Return as many events as fit, each with what an event's share of the room admits."""
    numbers = random.Random(_SEED)  # noqa: S311 -- measures that do not compress to nothing
    share = room_bytes // BATCH_MAX_EVENTS - 1
    return [_event(share, numbers) for _ in range(BATCH_MAX_EVENTS)]


def _event(room_bytes: int, numbers: random.Random) -> msgspec.Raw:
    details = {
        f"measure_{number:02}_{'of_a_long_name' * 3}": numbers.random() * 1000
        for number in range(_MEASURES_MAX_COUNT)
    }
    event = msgspec.json.encode(benchmark_event(details=details))
    while len(event) > room_bytes:
        details.popitem()
        event = msgspec.json.encode(benchmark_event(details=details))
    return msgspec.Raw(event)
