"""The load of this moment, read from what a worker counts, for a page of the console."""

from typing import Final, NamedTuple

from vox_telemetry_sink.metrics import folder_of_workers, samples_now


class Load(NamedTuple):
    """What waits, what is busy, and the sums of which means are made: `of_all` workers, or one."""

    of_all: bool
    in_flight: int
    queue_batches: int
    queue_bytes: int
    pool_idle: int
    pool_busy: int
    commits: int
    commits_s: float
    checks: int
    checks_s: float


_POOL: Final = "vox_sink_pool_connections"
_COMMIT: Final = "vox_sink_commit_duration_seconds"
_CHECK: Final = "vox_sink_check_duration_seconds"


def read_load() -> Load:
    """Return the load of this moment: of all workers where they count into a folder."""
    folder = folder_of_workers()
    found = samples_now(folder)
    return Load(
        folder is not None,
        int(found.get(("vox_sink_batches_in_flight", ""), 0)),
        int(found.get(("vox_sink_queue_batches", ""), 0)),
        int(found.get(("vox_sink_queue_bytes", ""), 0)),
        int(found.get((_POOL, "idle"), 0)),
        int(found.get((_POOL, "busy"), 0)),
        int(found.get((f"{_COMMIT}_count", ""), 0)),
        found.get((f"{_COMMIT}_sum", ""), 0.0),
        int(found.get((f"{_CHECK}_count", ""), 0)),
        found.get((f"{_CHECK}_sum", ""), 0.0),
    )
