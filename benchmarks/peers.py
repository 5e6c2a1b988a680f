"""How fast are others with the same events? InfluxDB, and an endpoint as one writes it at first.

Neither verifies, checks or scans anything. A peer that is not installed is named as skipped.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Final, NamedTuple

from databases import Database, some_database
from figures import Bound, Figure, Reference, Result, Skipped, Target
from influx import MISSING, is_installed, running_influx
from made import Batch, batches
from naive_endpoint import running_naive
from saturation import saturated
from sinks import Sink, serving
from sizes import SIZES

LINE: Final = "peers"


class Peer(NamedTuple):
    """Another way to take the same events: how it is run, with how many batches."""

    what: str
    running: Callable[[], AbstractContextManager[Callable[[Sequence[Batch]], float]]]
    batches: int
    target: Target | None


def measure(rounds: int) -> Iterator[Result]:
    """Yield the sink's events/s against each peer's."""
    with some_database() as database, serving(database) as sink:
        saturated(database, sink, batches(SIZES.warm_up_batches, database.keys))
        if is_installed():
            faster = Target(Bound.AT_LEAST, 1.0)
            peer = Peer("InfluxDB /write", running_influx, SIZES.batches, faster)
            yield _compared(database, sink, peer, rounds)
        else:
            yield Skipped(LINE, "accepted, against InfluxDB /write", MISSING)
        for unit, target in (("event", Target(Bound.AT_LEAST, 20.0)), ("request", None)):
            what = f"one INSERT an event, a commit a {unit}"
            running = partial(running_naive, database, unit)
            peer = Peer(what, running, SIZES.naive_batches, target)
            yield _compared(database, sink, peer, rounds)


def _compared(database: Database, sink: Sink, peer: Peer, rounds: int) -> Figure:
    ours, theirs = [], []
    with peer.running() as take:
        for _ in range(rounds):
            theirs.append(take(batches(peer.batches, database.keys)))
            database.empty()
            ours.append(
                saturated(database, sink, batches(SIZES.batches, database.keys)).events_per_s
            )
    what = f"accepted, against {peer.what}"
    return Figure(LINE, what, "events/s", ours, Reference(peer.what, theirs), peer.target)
