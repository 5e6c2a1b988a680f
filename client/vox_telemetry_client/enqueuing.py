"""Checked events to batches in the spool: all of one call, or none."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from vox_telemetry_client.batch import Approval, compose_all
from vox_telemetry_client.draft import Draft
from vox_telemetry_client.errors import EnqueuedMeanwhileError
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.repeats import Repeats
from vox_telemetry_client.seen import Mark
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.envelope import Producer, compose
from vox_telemetry_spec.limits import BATCH_MAX_EVENTS
from vox_telemetry_spec.strict_json import JsonValue, encode
from vox_telemetry_spec.uuid7 import uuid7

DISTRIBUTION = "vox-telemetry"


def producer() -> Producer:
    """Return what every batch says of the program that made it."""
    from importlib.metadata import version  # noqa: PLC0415 -- slow, and most commands never ask

    return Producer(DISTRIBUTION, version(DISTRIBUTION))


def enqueue(
    events: Iterable[JsonValue],
    spool: Spool,
    *,
    now: datetime,
    max_bytes: int,
    max_events: int = BATCH_MAX_EVENTS,
) -> list[Approval]:
    """Keep events that the check has accepted; `max_bytes` is the spool's quota.

    The events are read once and never all held in memory.

    Raises:
        SpoolFullError: the quota or the disk is full; nothing is kept.
        SpoolError: the spool cannot be written; nothing is kept.

    """
    with draft(spool.folder, max_bytes=max_bytes, max_events=max_events) as found:
        for event in events:
            found.extend([encode(event)])
        return keep(found, spool, now=now, max_bytes=max_bytes)


def draft(folder: Folder, *, max_bytes: int, max_events: int = BATCH_MAX_EVENTS) -> Draft:
    """Return an empty draft, to be given to `keep` once all its events are accepted."""
    any_time = datetime.fromtimestamp(0, UTC)  # all are written with the same length
    empty = compose([], batch_id=uuid7(0, bytes(10)), approved_at=any_time, producer=producer())
    return Draft(folder, envelope_bytes=len(empty), max_bytes=max_bytes, max_events=max_events)


def keep(
    found: Draft,
    spool: Spool,
    *,
    now: datetime,
    max_bytes: int,
    unless_after: Mark | None = None,
) -> list[Approval]:
    """Keep the events of a draft; `max_bytes` is the spool's quota.

    Raises:
        EnqueuedMeanwhileError: others were enqueued since `Spool.enqueue_mark` gave that mark.
        SpoolFullError: the quota or the disk is full; nothing is kept.
        SpoolError: the spool cannot be written; nothing is kept.

    """
    runs = (list(map(msgspec.Raw, run)) for run in found.batches())
    batches = compose_all(runs, producer=producer(), approved_at=now, random=secrets.token_bytes)
    return spool.put(
        batches,
        max_bytes=max_bytes,
        needed_bytes=found.needed_bytes,
        unless_after=unless_after,
    )


def keep_new(
    found: Draft, spool: Spool, repeats: Repeats, mark: Mark, *, now: datetime, max_bytes: int
) -> list[Approval]:
    """Keep the events of a draft, less those that another call has enqueued since `mark`.

    `repeats` has seen the events, by what was enqueued at the mark.

    Raises:
        SpoolFullError: the quota or the disk is full; nothing is kept.
        SpoolError: the spool cannot be written; nothing is kept.

    """
    if not found.events:
        return []
    try:
        return keep(found, spool, now=now, max_bytes=max_bytes, unless_after=mark)
    except EnqueuedMeanwhileError:
        later = spool.enqueue_mark()
        repeats.learn(spool.enqueued_before())
    with draft(spool.folder, max_bytes=max_bytes, max_events=found.max_events) as left:
        for run in found.batches():
            left.extend(repeats.new_among(run))
        return keep_new(left, spool, repeats, later, now=now, max_bytes=max_bytes)
