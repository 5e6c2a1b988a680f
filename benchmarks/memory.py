"""How much memory does a worker take at most? Peak resident size (VmHWM) of a fresh sink."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from costs import is_available
from databases import Database, some_database
from figures import Bound, Figure, Result, Skipped, Target
from large import coded, uncoded
from load import DEFAULT_CONNECTIONS, saturate
from made import batches
from saturation import CREATED
from sinks import serving
from sizes import SIZES

from vox_telemetry_spec.keys import SigningKey

LINE: Final = "memory"
TARGET: Final = Target(Bound.AT_MOST, 150.0)
MB: Final = 1_000_000
# Enough for a figure whose spread is small.
ROUNDS_MAX: Final = 3
Requests = Callable[[int, Sequence[SigningKey]], list[bytes]]
# They saturate the workers; more only wait, each with its body. Sixteen of 4 MiB fill a queue.
FEW: Final = 16


class Side(NamedTuple):
    """One load: how many such requests, on how many connections."""

    what: str
    requests: Requests
    count: int
    connections: int
    target: Target | None


def measure(rounds: int) -> Iterator[Result]:
    """Yield the peak at saturation, and with bodies as large as they may be."""
    if not is_available():
        yield Skipped(LINE, "peak resident size of a worker", "no /proc here")
        return
    large = SIZES.large_batches
    sides = [
        Side("worker at saturation", _real, SIZES.batches, DEFAULT_CONNECTIONS, TARGET),
        Side("worker with bodies of 1 MiB", uncoded, large, FEW, TARGET),
        Side("worker with bodies of 1 MiB, 64 at once", uncoded, large, DEFAULT_CONNECTIONS, None),
        Side("worker with bodies that unpack to 4 MiB", coded, large, FEW, None),
    ]
    with some_database() as database:
        for side in sides:
            peaks = [_peak(database, side) for _ in range(min(rounds, ROUNDS_MAX))]
            yield Figure(LINE, side.what, "MB", [peak / MB for peak in peaks], None, side.target)


def _peak(database: Database, side: Side) -> int:
    database.empty()
    with serving(database) as sink:
        requests = side.requests(side.count, database.keys)
        outcome = saturate(sink.port, requests, connections=side.connections)
        outcome.assert_all(CREATED, side.count)
        return sink.peak_bytes()


def _real(count: int, keys: Sequence[SigningKey]) -> list[bytes]:
    return [batch.request for batch in batches(count, keys)]
