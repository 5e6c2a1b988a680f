"""How long does an acknowledgement take? At half of what saturates the sink, from when it was due.

Against one bare commit on the same server. Requests are sent at even distances, and, for
information, as strangers send them: at random ones (Poisson).
"""

import itertools
import random
import statistics
from collections.abc import Iterator, Sequence
from typing import Final

from committing import commits
from databases import Database, some_database
from figures import Bound, Figure, Reference, Target
from load import pace
from made import Batch, batches
from saturation import everything_stored, no_collections, saturated
from sinks import Sink, serving
from sizes import SIZES

LINE: Final = "latency"
TARGET: Final = Target(Bound.AT_MOST, 10.0)
SHARE_OF_SATURATION: Final = 0.5
SEED: Final = 6


def measure(rounds: int) -> Iterator[Figure]:
    """Yield p50 and p99 of both kinds of arrival, in bare commits."""
    with some_database() as database, serving(database) as sink:
        saturated(database, sink, batches(SIZES.warm_up_batches, database.keys))
        done = [_round(database, sink) for _ in range(rounds)]
    bare, even, at_random = (list(side) for side in zip(*done, strict=True))
    reference = Reference("bare commit, median", [ms(statistics.median(took)) for took in bare])
    for name, waits, target in (("even", even, TARGET), ("random", at_random, None)):
        for percent, asked in ((50, None), (99, target)):
            values = [ms(percentile(one, percent)) for one in waits]
            what = f"p{percent} of acknowledgement, {name} arrivals"
            yield Figure(LINE, what, "ms", values, reference, asked)


def _round(database: Database, sink: Sink) -> tuple[list[float], list[float], list[float]]:
    database.empty()
    saturating = batches(SIZES.batches, database.keys)
    rate = SHARE_OF_SATURATION * saturated(database, sink, saturating).batches_per_s
    count = max(2, round(rate * SIZES.paced_s))
    random_gaps = random.Random(SEED)  # noqa: S311 -- the same arrivals in each round
    even = [number / rate for number in range(count)]
    poisson = list(itertools.accumulate(random_gaps.expovariate(rate) for _ in range(count)))
    database.empty()
    bare = commits(database.dsn, SIZES.commits)
    return bare, _paced(database, sink, even), _paced(database, sink, poisson)


def _paced(database: Database, sink: Sink, due_s: Sequence[float]) -> list[float]:
    made: list[Batch] = batches(len(due_s), database.keys)
    database.empty()
    with everything_stored(database, made) as outcomes, no_collections():
        outcome = pace(sink.port, [batch.request for batch in made], due_s)
        outcomes.append(outcome)
    return outcome.waits_s


def percentile(waits_s: Sequence[float], percent: int) -> float:
    """Return the wait that so many percent did not exceed (nearest rank)."""
    return sorted(waits_s)[max(0, -(-len(waits_s) * percent // 100) - 1)]


def ms(seconds: float) -> float:
    """Return milliseconds."""
    return seconds * 1_000
