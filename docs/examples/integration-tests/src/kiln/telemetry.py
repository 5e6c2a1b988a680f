"""Keep the timings of a build: in the local store, and enqueued for whoever decides to send them.

Nothing is sent here, and there is no code of this project that could: that is
`vox-telemetry upload`, by an operator who has given consent.
"""

from datetime import UTC, datetime
from typing import Any

from kiln.timings import Timings
from vox_telemetry_client import TelemetryError, enqueue, record


def events(timings: Timings) -> list[dict[str, Any]]:
    """Make an event of each stage: its name and its seconds, and nothing of the machine."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return [
        {
            "metric_type": "benchmark_event",
            "session_id": f"bench:{timings.project}",
            "recorded_at": now,
            "metric_value": seconds,
            "metadata": metadata(stage),
        }
        for stage, seconds in timings.seconds.items()
    ]


def metadata(stage: str) -> dict[str, Any]:
    """Say what was timed."""
    return {
        "name": "ci_build_timings",
        "metric_value_unit": "seconds",
        "details": {"stage": stage},
    }


def keep(timings: Timings) -> str | None:
    """Keep a build's timings; return why they were not kept, which must not fail a build."""
    try:
        for event in events(timings):
            record(
                event["metric_type"],
                event["session_id"],
                event["metric_value"],
                event["metadata"],
            )
        enqueue(events(timings))
    except TelemetryError as exc:
        return str(exc)
    return None
