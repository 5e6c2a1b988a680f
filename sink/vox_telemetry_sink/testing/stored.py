"""What the sink has stored, read from its database: also while the sink is stopped."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from vox_telemetry_sink.database import operator_connection
from vox_telemetry_sink.testing.postgres import in_own_loop
from vox_telemetry_sink.unpack import unpack_body
from vox_telemetry_spec.violations import Violation

_EVENTS = """
SELECT event.batch_id::text, event_index, batch.key_id, event.received_at, recorded_at, family,
       metric_type, sensitivity_class, session_id, metric_value, metadata
FROM event JOIN batch USING (batch_id)
WHERE ($1::text IS NULL OR metric_type = $1) AND ($2::text IS NULL OR session_id = $2)
ORDER BY event.received_at, event.batch_id, event_index
"""
_BATCHES = """
SELECT batch_id::text, key_id, payload_sha256, event_count, received_at, content_encoding,
       coded_body, signed_request
FROM batch ORDER BY received_at, batch_id
"""
_REJECTIONS = """
SELECT rejected_at, key_id, problem, violations, content_sha256
FROM rejection ORDER BY rejection_id
"""


class EventRow(NamedTuple):
    """One stored event; times in UTC, `metric_value` None means no scalar."""

    batch_id: str
    event_index: int
    key_id: str
    received_at: datetime
    recorded_at: datetime
    family: str
    metric_type: str
    sensitivity_class: str
    session_id: str
    metric_value: float | None
    metadata: dict[str, Any]


class BatchRow(NamedTuple):
    """One stored batch: `payload` are the JSON bytes that were signed, unpacked.

    Both it and `signed_request` are empty once retention has taken them.
    """

    batch_id: str
    key_id: str
    payload_sha256: str
    event_count: int
    received_at: datetime
    payload: bytes
    signed_request: dict[str, Any]


class RejectionRow(NamedTuple):
    """One refused batch, never with a value: `violations` are pairs of a pointer and a rule."""

    rejected_at: datetime
    key_id: str
    problem: str
    violations: list[tuple[str, str]]
    content_sha256: str


def rows(dsn: str, query: str, *args: object) -> list[tuple[Any, ...]]:
    """Run a query of the caller's own; a jsonb column comes as its bytes."""

    async def asked() -> list[tuple[Any, ...]]:
        async with operator_connection(dsn) as connection:
            return [tuple(row) for row in await connection.fetch(query, *args)]

    return in_own_loop(asked)


def events(dsn: str, metric_type: str | None, session_id: str | None) -> list[EventRow]:
    """Return the stored events, in the order in which they were received."""
    found = rows(dsn, _EVENTS, metric_type, session_id)
    return [EventRow._make([*columns, msgspec.json.decode(raw)]) for *columns, raw in found]


def batches(dsn: str) -> list[BatchRow]:
    """Return the stored batches, in the order in which they were received."""
    return [
        BatchRow(
            batch_id,
            key_id,
            sha256.hex(),
            count,
            received_at,
            b"" if body is None else unpack_body(coding, body),
            {} if request is None else msgspec.json.decode(request),
        )
        for batch_id, key_id, sha256, count, received_at, coding, body, request in rows(
            dsn, _BATCHES
        )
    ]


def rejections(dsn: str) -> list[RejectionRow]:
    """Return the refused batches of enrolled keys, in the order in which they were refused."""
    return [
        RejectionRow(
            rejected_at,
            key_id,
            problem,
            [(one.pointer, one.rule) for one in msgspec.json.decode(raw, type=list[Violation])],
            sha256.hex(),
        )
        for rejected_at, key_id, problem, raw, sha256 in rows(dsn, _REJECTIONS)
    ]
