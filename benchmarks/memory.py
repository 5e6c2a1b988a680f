"""How much memory does a worker take at most? Peak resident size (VmHWM) of a fresh sink."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from costs import is_available
from databases import Database, some_database
from figures import Bound, Figure, Result, Skipped, Target
from large import coded, uncoded
from load import saturate
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


def measure(rounds: int) -> Iterator[Result]:
    """Yield the peak at saturation, and with bodies as large as they may be."""
    if not is_available():
        yield Skipped(LINE, "peak resident size of a worker", "no /proc here")
        return
    sides: list[tuple[str, Requests, int, Target | None]] = [
        ("worker at saturation", _real, SIZES.batches, TARGET),
        ("worker with bodies of 1 MiB", uncoded, SIZES.large_batches, TARGET),
        ("worker with bodies that unpack to 4 MiB", coded, SIZES.large_batches, None),
    ]
    with some_database() as database:
        for what, requests, count, target in sides:
            peaks = [_peak(database, requests, count) for _ in range(min(rounds, ROUNDS_MAX))]
            yield Figure(LINE, what, "MB", [peak / MB for peak in peaks], None, target)


def _peak(database: Database, requests: Requests, count: int) -> int:
    database.empty()
    with serving(database) as sink:
        saturate(sink.port, requests(count, database.keys)).assert_all(CREATED, count)
        return sink.peak_bytes()


def _real(count: int, keys: Sequence[SigningKey]) -> list[bytes]:
    return [batch.request for batch in batches(count, keys)]
