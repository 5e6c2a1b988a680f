"""Record one row in the local store: the whole of what a program needs to call.

The second door to the environment: a program that records has no command line of ours.
"""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from vox_telemetry_client.config import store_path
from vox_telemetry_client.errors import NotConfiguredError, StoreError
from vox_telemetry_client.metrics_row import stored_metadata
from vox_telemetry_client.metrics_store import MetricsStore
from vox_telemetry_client.permission import switches_now
from vox_telemetry_client.switches import may_record
from vox_telemetry_spec.strict_json import JsonValue


def record(
    metric_type: str,
    session_id: str,
    value: float | None = None,
    metadata: Mapping[str, JsonValue] | None = None,
    *,
    db: Path | None = None,
) -> int | None:
    """Keep one row in the local store and return its id, or None where telemetry is switched off.

    Nothing is sent, now or later, unless an operator enqueues and uploads it. Waits at most two
    seconds for another process, and opens the file anew each time; hold a `MetricsStore` open
    to record many rows.

    Args:
        metric_type: 1 to 128 of ASCII letters, digits and `_ . - :`; need not be registered.
        session_id: 1 to 512 bytes of UTF-8, by the convention of the type (`bench:<repository>`).
        value: a finite number in the unit that the type says; None for "no scalar", never 0.
        metadata: a JSON object of at most 262,144 bytes; None for none.
        db: the store's file, made where it is missing; default VOX_TELEMETRY_DB, else
            `.vox/telemetry-store/metrics.sqlite3` in the repository root or the current folder.

    Raises:
        RowRefusedError: a rule of `research_metrics` is broken; the message holds no value.
        StoreError: the store cannot be written (busy, full, damaged, another program's, unsafe).
            A program that must not fail for telemetry catches both; there are no others.

    """
    if recording_switch()(metric_type) is not None:
        return None
    metadata_json = stored_metadata(metadata)
    with MetricsStore(db or _default(), now=lambda: datetime.now(UTC)) as store:
        return store.append(session_id, metric_type, value, metadata_json)


def recording_switch(*, asked: bool = True) -> Callable[[str], str | None]:
    """Read the switches once, and return what tells of a metric type why it is off, or None.

    Rows of a type that is off are neither recorded nor enqueued from a store. What no person
    `asked` for is off with DO_NOT_TRACK too.
    """
    switches = switches_now(os.environ)

    def reason(metric_type: str) -> str | None:
        decision = may_record(switches, metric_type, asked=asked)
        return None if decision.allowed else decision.reason

    return reason


def _default() -> Path:
    try:
        return store_path(os.environ, Path.cwd())
    except (OSError, NotConfiguredError) as exc:  # the current folder is gone; no such home
        raise StoreError(
            "there is no folder for the local store, name one in VOX_TELEMETRY_DB"
        ) from exc
