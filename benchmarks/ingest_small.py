"""How many batches of one event does the sink accept? In a second.

Against an application that does nothing with the same bytes, and against bare commits.
"""

from collections.abc import Iterator
from typing import Final

from apps_served import served
from committing import commits
from databases import Database, some_database
from figures import Bound, Figure, Reference, Target
from load import saturate
from made import Batch, batches
from saturation import CREATED, no_collections, saturated
from sinks import Sink, serving
from sizes import SIZES

LINE: Final = "ingest-small"
TARGET: Final = Target(Bound.AT_LEAST, 0.40)


def measure(rounds: int) -> Iterator[Figure]:
    """Yield batches/s against each of the two references."""
    with some_database() as database, served("noop") as noop, serving(database) as sink:
        few = batches(SIZES.warm_up_batches, database.keys, events=1)
        saturated(database, sink, few)
        posted(noop, few)
        done = [_round(database, sink, noop) for _ in range(rounds)]
    posts, bare, stored = (list(side) for side in zip(*done, strict=True))
    for reference, target in (
        (Reference("no-op POST", posts), TARGET),
        (Reference("bare commits", bare), None),
    ):
        what = f"accepted, against {reference.what}"
        yield Figure(LINE, what, "batches/s", stored, reference, target)


def posted(port: int, made: list[Batch]) -> float:
    """Return how many of the same requests a second an application takes that does nothing."""
    with no_collections():
        outcome = saturate(port, [batch.request for batch in made])
    outcome.assert_all(CREATED, len(made))
    return len(made) / outcome.took_s


def _round(database: Database, sink: Sink, noop: int) -> tuple[float, float, float]:
    made = batches(SIZES.small_batches, database.keys, events=1)
    posts = posted(noop, made)
    database.empty()
    took_s = commits(database.dsn, SIZES.commits)
    return posts, len(took_s) / sum(took_s), saturated(database, sink, made).batches_per_s
