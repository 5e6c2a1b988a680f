"""What the sink counts, for Prometheus; the only file that imports its client.

No label holds a key id, an address or a value: `problem` is a slug of the status table (or
`cancelled`), `route` a path that is served (or `other`), `status` a status that we answer.

The invariant, kept by `accounted`: received = stored + duplicate + rejected + in flight, where one
batch is one request at the ingest. A test reads it under a mixed load.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from vox_telemetry_sink.errors import RefusalError, StoreError, StoreUnavailableError
from vox_telemetry_spec.limits import METRICS_SAMPLE_INTERVAL_S
from vox_telemetry_spec.problems import ProblemType

# The client library reads it when it is imported: each worker counts into files of this folder.
MULTIPROCESS_DIR: Final = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_GROUP_SIZES: Final = (1, 2, 4, 8, 16, 32, 64)

RECEIVED: Final = Counter("vox_sink_batches_received", "uploads that began to be handled")
STORED: Final = Counter("vox_sink_batches_stored", "uploads answered 201, stored now")
DUPLICATE: Final = Counter("vox_sink_batches_duplicate", "uploads answered 200, held before")
REJECTED: Final = Counter(
    "vox_sink_batches_rejected", "uploads answered with a problem, by its type", ["problem"]
)
IN_FLIGHT: Final = Gauge(
    "vox_sink_batches_in_flight",
    "uploads that are not answered yet",
    multiprocess_mode="livesum",
)
EVENTS_STORED: Final = Counter("vox_sink_events_stored", "events of the batches stored now")
REQUESTS: Final = Counter("vox_sink_requests", "answered requests", ["route", "status"])
REQUEST_SECONDS: Final = Histogram(
    "vox_sink_request_duration_seconds", "from headers to answer", ["route"], buckets=_SECONDS
)
CHECK_SECONDS: Final = Histogram(
    "vox_sink_check_duration_seconds", "unpacking and enforcing a batch", buckets=_SECONDS
)
COMMIT_SECONDS: Final = Histogram(
    "vox_sink_commit_duration_seconds", "writing one group of batches", buckets=_SECONDS
)
GROUP_BATCHES: Final = Histogram(
    "vox_sink_group_batches", "batches of one transaction", buckets=_GROUP_SIZES
)
DATABASE_ERRORS: Final = Counter(
    "vox_sink_database_errors", "statements that failed: unavailable or refused", ["kind"]
)
QUEUE_BATCHES: Final = Gauge(
    "vox_sink_queue_batches", "batches waiting to be written", multiprocess_mode="livesum"
)
QUEUE_BYTES: Final = Gauge(
    "vox_sink_queue_bytes", "decoded bytes waiting to be written", multiprocess_mode="livesum"
)
POOL_CONNECTIONS: Final = Gauge(
    "vox_sink_pool_connections",
    "connections to the database: idle or busy",
    ["state"],
    multiprocess_mode="livesum",
)

# Every series stands from the start: a rate over one that appears late misses its first step.
for _problem in ProblemType:
    REJECTED.labels(_problem.slug)
for _kind in ("unavailable", "refused"):
    DATABASE_ERRORS.labels(_kind)


class Account:
    """What became of an upload; `is_new` is set once it was answered with a receipt."""

    is_new = False


@contextmanager
def accounted() -> Iterator[Account]:
    """Count one upload in, and out by what became of it, whatever that is."""
    account = Account()
    RECEIVED.inc()
    IN_FLIGHT.inc()
    try:
        yield account
    except BaseException as exc:
        REJECTED.labels(_slug(exc)).inc()
        raise
    else:
        (STORED if account.is_new else DUPLICATE).inc()
    finally:
        IN_FLIGHT.dec()


def counted(error: StoreError) -> StoreError:
    """Count a statement that failed, and return its error to be raised."""
    is_away = isinstance(error, StoreUnavailableError)
    DATABASE_ERRORS.labels("unavailable" if is_away else "refused").inc()
    return error


def count_request(route: str, status: int, seconds: float) -> None:
    """Count an answered request."""
    REQUESTS.labels(route, str(status)).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)


class Queue(Protocol):
    """What is read of the writer."""

    @property
    def waiting_batches(self) -> int:
        """How many batches wait to be written."""

    @property
    def waiting_bytes(self) -> int:
        """How many decoded bytes wait to be written."""


class Connections(Protocol):
    """What is read of the pool."""

    def get_size(self) -> int:
        """Return how many connections there are."""

    def get_idle_size(self) -> int:
        """Return how many of them nobody uses."""


@asynccontextmanager
async def sampled(queue: Queue, connections: Connections) -> AsyncIterator[None]:
    """Read queue and pool once a METRICS_SAMPLE_INTERVAL_S for the length of a block."""
    task = asyncio.create_task(_sample(queue, connections), name="metrics")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _sample(queue: Queue, connections: Connections) -> None:
    while True:
        idle = connections.get_idle_size()
        QUEUE_BATCHES.set(queue.waiting_batches)
        QUEUE_BYTES.set(queue.waiting_bytes)
        POOL_CONNECTIONS.labels("idle").set(idle)
        POOL_CONNECTIONS.labels("busy").set(connections.get_size() - idle)
        await asyncio.sleep(METRICS_SAMPLE_INTERVAL_S)


@contextmanager
def metrics_served(host: str, port: int, folder: Path | None) -> Iterator[int]:
    """Serve the metrics in a thread for the length of a block; yield the port.

    Args:
        host: address to listen on.
        port: its port; 0 takes a free one.
        folder: where several workers count; None when this process is the only one.

    Raises:
        OSError: the address cannot be listened on.

    """
    registry = REGISTRY
    if folder is not None:
        registry = CollectorRegistry()
        registry.register(_Workers(folder))
    server, thread = start_http_server(port, host, registry)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def folder_of_workers() -> Path | None:
    """Return where several workers count, or None when this process is the only one."""
    folder = os.environ.get(MULTIPROCESS_DIR)
    return Path(folder) if folder and Path(folder).is_dir() else None


def samples_now(folder: Path | None) -> dict[tuple[str, str], float]:
    """Return each sample by its name and its state, or ''.

    Args:
        folder: into which the workers count whose sum is asked for; None for this process alone.

    """
    registry: Any = REGISTRY if folder is None else _Workers(folder)
    return {
        (sample.name, sample.labels.get("state", "")): sample.value
        for metric in registry.collect()
        for sample in metric.samples
    }


class _Workers(Collector):
    """The sum over all workers, the gauges over those that live."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._collector = MultiProcessCollector(None, str(folder))  # type: ignore[no-untyped-call]  # as the library is

    def collect(self) -> Any:  # noqa: ANN401 -- the base class's signature has no types
        for file in self._folder.glob("gauge_live*_*.db"):
            pid = int(file.stem.rpartition("_")[2])
            if not _lives(pid):
                mark_process_dead(pid, str(self._folder))  # type: ignore[no-untyped-call]  # as above
        return self._collector.collect()  # type: ignore[no-untyped-call]  # as above


def _lives(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def _slug(error: BaseException) -> str:
    if isinstance(error, RefusalError):
        return error.problem.slug
    if isinstance(error, StoreUnavailableError):
        return ProblemType.STORE_UNAVAILABLE.slug
    return (ProblemType.INTERNAL.slug) if isinstance(error, Exception) else "cancelled"
