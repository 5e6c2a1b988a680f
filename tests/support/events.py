"""Real events and made ones."""

import gzip
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
USAGE_EVENTS = REPOSITORY / "tests" / "data" / "usage-events.jsonl.gz"
LANE_EVENTS = REPOSITORY / "docs" / "examples" / "cpython-lanes.jsonl"

Event = dict[str, Any]


def benchmark_event(**changes: Any) -> Event:
    """Make one event that every check accepts now, then change it.

    `name`, `metric_value_unit` and `details` change the metadata, everything else the event itself;
    `details` replaces the whole object.
    """
    metadata = {
        "name": "ci_build_timings",
        "metric_value_unit": "seconds",
        "details": {"lane": "test_re", "ok": True, "ms": 432},
    }
    metadata |= {name: changes.pop(name) for name in list(changes) if name in metadata}
    event = {
        "metric_type": "benchmark_event",
        "session_id": "bench:cpython-3.11",
        "recorded_at": recorded_at(datetime.now(UTC)),
        "metric_value": 0.432,
        "metadata": metadata,
    }
    return event | changes


def recorded_at(now: datetime) -> str:
    """Write a moment as events carry it: RFC 3339, UTC, milliseconds, `Z`."""
    moment = now.astimezone(UTC).isoformat(timespec="milliseconds")
    return moment.removesuffix("+00:00") + "Z"


def usage_events() -> list[Event]:
    """Give the 8,828 benchmark events of a CPython test run, the caller's own copy."""
    return [json.loads(line) for line in _usage_lines()]


def lane_events() -> list[Event]:
    """Give the 251 lane timings that the project ships as its example, the caller's own copy."""
    lines = LANE_EVENTS.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line]


@cache
def _usage_lines() -> list[bytes]:
    return [line for line in gzip.decompress(USAGE_EVENTS.read_bytes()).splitlines() if line]
