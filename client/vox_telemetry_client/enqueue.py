"""Checked events to batches in the spool: all of one call, or none."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from importlib.metadata import version

from vox_telemetry_client.batch import Batch, compose_all
from vox_telemetry_client.batching import fill
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.envelope import Producer, compose
from vox_telemetry_spec.limits import BATCH_MAX_EVENTS, CODED_BODY_MAX_BYTES
from vox_telemetry_spec.strict_json import JsonValue
from vox_telemetry_spec.uuid7 import uuid7

DISTRIBUTION = "vox-telemetry"


def producer() -> Producer:
    """Return what every batch says of the program that made it."""
    return Producer(DISTRIBUTION, version(DISTRIBUTION))


def enqueue(
    events: Iterable[JsonValue],
    spool: Spool,
    *,
    now: datetime,
    max_bytes: int,
    max_events: int = BATCH_MAX_EVENTS,
) -> list[Batch]:
    """Keep events that the check has accepted; `max_bytes` is the spool's quota.

    Raises:
        SpoolFullError: the quota or the disk is full; nothing is kept.
        SpoolError: the spool cannot be written; nothing is kept.

    """
    room_bytes = CODED_BODY_MAX_BYTES - len(
        compose([], batch_id=uuid7(0, bytes(10)), approved_at=now, producer=producer())
    )
    runs = fill(events, max_events=min(max_events, BATCH_MAX_EVENTS), max_bytes=room_bytes)
    batches = list(
        compose_all(runs, producer=producer(), approved_at=now, random=secrets.token_bytes)
    )
    spool.put(batches, max_bytes=max_bytes)
    return batches
