"""Unique batches of real events, signed and ready to be sent, and the rows that they become."""

import gzip
import hashlib
import itertools
import json
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from backports import zstd

from vox_telemetry_spec.digest import content_digest
from vox_telemetry_spec.envelope import Producer, compose
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.signature import sign_request
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.strict_json import decode, encode
from vox_telemetry_spec.times import format_time
from vox_telemetry_spec.uuid7 import uuid7
from vox_telemetry_spec.wire import BATCH_MEDIA_TYPE, INGEST_PATH

EVENTS = Path(__file__).resolve().parents[1] / "tests" / "data" / "usage-events.jsonl.gz"
BATCH_EVENTS = 100
# What the clients sign, whichever port a sink has: VOX_SINK_PUBLIC_AUTHORITY, as behind a proxy.
AUTHORITY = "sink.bench"
PRODUCER = Producer("vox-telemetry", "0.1.0")
OLDEST_EVENT = timedelta(hours=1)
Row = tuple[Any, ...]
_TIME_CHARS = len("2026-11-21T23:19:00.000Z")


class Template(NamedTuple):
    """A real event: its canonical bytes around `recorded_at`, and its values as a row has them."""

    before: bytes
    after: bytes
    family: str
    metric_type: str
    sensitivity_class: str
    session_id: str
    metric_value: float | None
    metadata: str


@dataclass(frozen=True)
class Batch:
    """One batch: the whole HTTP request, and what the tables hold of it once it is stored.

    Of the rows, `received_at` is when the batch was made; a sink sets its own.
    """

    request: bytes
    batch_row: Row
    event_rows: list[Row]


@cache
def templates() -> list[Template]:
    """Return the real events in the order of the file."""
    registry = Registry.load()
    return [_template(line, registry) for line in gzip.decompress(EVENTS.read_bytes()).splitlines()]


def batches(count: int, keys: Sequence[SigningKey], *, events: int = BATCH_EVENTS) -> list[Batch]:
    """Return new batches, the keys in turn; with their ids ascending, as their clients make them.

    Consecutive events of the file, over and over: each batch begins where the last one ended, so
    that no two hold the same hundred until the file has been gone through some 22 times.
    """
    real = itertools.cycle(templates())
    now, owners = datetime.now(UTC), itertools.cycle(keys)
    return [
        _batch(list(itertools.islice(real, events)), _moments(now, number, events), key, now)
        for number, key in zip(range(count), owners, strict=False)
    ]


def request(batch_id: str, payload: bytes, coding: str | None, key: SigningKey) -> bytes:
    """Return the signed HTTP request that uploads a payload."""
    return _request(_body(payload, coding), batch_id, coding, key)[0]


def _template(line: bytes, registry: Registry) -> Template:
    event = json.loads(line)
    canonical = encode(decode(line))  # as `enqueue` writes it; the file has Python's numbers
    before, marker, rest = canonical.partition(b'"recorded_at":"')
    [family] = registry.families_of(event["metric_type"])
    return Template(
        before + marker,
        rest[_TIME_CHARS:],
        family.family,
        event["metric_type"],
        family.sensitivity_class.value,
        event["session_id"],
        event["metric_value"],
        json.dumps(event["metadata"], separators=(",", ":")),
    )


def _moments(now: datetime, batch: int, events: int) -> list[tuple[bytes, datetime]]:
    """Return when the events of a batch were recorded, as bytes and as values: no two at once."""
    first = (now - OLDEST_EVENT).replace(microsecond=0)
    numbers = range(batch * events, (batch + 1) * events)
    times = [first + timedelta(milliseconds=number) for number in numbers]
    return [(format_time(moment).encode(), moment) for moment in times]


def _batch(
    events: list[Template],
    moments: list[tuple[bytes, datetime]],
    key: SigningKey,
    now: datetime,
) -> Batch:
    batch_id = uuid7(time.time_ns() // 1_000_000, secrets.token_bytes(10))
    raws = [
        msgspec.Raw(event.before + text + event.after)
        for event, (text, _) in zip(events, moments, strict=True)
    ]
    payload = compose(raws, batch_id=batch_id, approved_at=now, producer=PRODUCER)
    body = _body(payload, "zstd")
    message, signed = _request(body, batch_id, "zstd", key)
    uuid, approved_at = UUID(batch_id), now.replace(microsecond=now.microsecond // 1000 * 1000)
    batch_row = (
        uuid,
        key.public.key_id,
        hashlib.sha256(payload).digest(),
        "zstd",
        body,
        json.dumps(signed),
        len(events),
        approved_at,
        now,
        *msgspec.structs.astuple(PRODUCER),
    )
    return Batch(message, batch_row, list(_event_rows(uuid, events, moments, now)))


def _event_rows(
    uuid: UUID, events: list[Template], moments: list[tuple[bytes, datetime]], now: datetime
) -> Iterator[Row]:
    for index, (event, (_, recorded_at)) in enumerate(zip(events, moments, strict=True)):
        yield (uuid, index, now, recorded_at, *event[2:])


def _body(payload: bytes, coding: str | None) -> bytes:
    return zstd.compress(payload) if coding == "zstd" else payload


def _request(
    body: bytes, batch_id: str, coding: str | None, key: SigningKey
) -> tuple[bytes, dict[str, Any]]:
    """Return the request, and what a sink keeps of it to verify it again (`signed_request`)."""
    fields = {
        "content-type": BATCH_MEDIA_TYPE,
        "content-digest": content_digest(body),
        "idempotency-key": f'"{batch_id}"',
        **({} if coding is None else {"content-encoding": coding}),
    }
    signable = SignableRequest("POST", AUTHORITY, INGEST_PATH, fields)
    nonce = secrets.token_urlsafe(16)
    fields |= sign_request(signable, key, created=int(time.time()), nonce=nonce)
    kept = {"method": "POST", "authority": AUTHORITY, "path": INGEST_PATH, "fields": fields}
    return http_request(INGEST_PATH, body, fields), kept


def http_request(path: str, body: bytes, fields: dict[str, str]) -> bytes:
    """Return the bytes of a POST that keeps its connection."""
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return (
        f"POST {path} HTTP/1.1\r\nhost: {AUTHORITY}\r\ncontent-length: {len(body)}\r\n{head}\r\n"
    ).encode() + body
