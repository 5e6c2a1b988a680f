"""Does it stay as fast? The same batches into an empty database and into one with millions."""

from collections.abc import Iterator
from typing import Final

from databases import Database, another_database, some_database
from figures import Bound, Figure, Reference, Target
from growing import grow
from made import batches
from saturation import saturated
from sinks import Sink, serving
from sizes import SIZES

LINE: Final = "growth"
TARGET: Final = Target(Bound.AT_LEAST, 0.95)
Side = tuple[Database, Sink]


def measure(rounds: int) -> Iterator[Figure]:
    """Yield events/s on top of many, against events/s into nothing."""
    with some_database() as empty, another_database(empty) as full:
        grow(full, SIZES.stored_events)
        with serving(empty) as first, serving(full) as second:
            sides = [(empty, first), (full, second)]
            for database, sink in sides:
                saturated(database, sink, batches(SIZES.warm_up_batches, database.keys))
            done = [_round(sides, number) for number in range(rounds)]
    into_nothing, on_top = (list(side) for side in zip(*done, strict=True))
    reference = Reference("into an empty database", into_nothing)
    what = f"accepted, with {SIZES.stored_events:,} events stored"
    yield Figure(LINE, what, "events/s", on_top, reference, TARGET)


def _round(sides: list[Side], number: int) -> list[float]:
    """Measure both sides, each first in every second round; a restarted WAL for each."""
    [(empty, _), _] = sides
    empty.empty()
    speeds = {}
    for database, sink in sides if number % 2 else sides[::-1]:
        database.run("CHECKPOINT")
        run = saturated(database, sink, batches(SIZES.batches, database.keys))
        speeds[database.dsn] = run.events_per_s
    return [speeds[database.dsn] for database, _ in sides]
