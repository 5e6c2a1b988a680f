"""How fast are others with the same events? InfluxDB, and an endpoint as one writes it at first.

Neither verifies, checks or scans anything. A peer that is not installed is named as skipped.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
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
INFLUX: Final = "InfluxDB /write"
FASTER: Final = Target(Bound.AT_LEAST, 1.0)
MUCH_FASTER: Final = Target(Bound.AT_LEAST, 20.0)


class Peer(NamedTuple):
    """Another way to take the same events: `take` stores so many batches and gives events/s."""

    what: str
    take: Callable[[Sequence[Batch]], float]
    batches: int
    target: Target | None


def measure(rounds: int) -> Iterator[Result]:
    """Yield the sink's events/s against each peer's."""
    if not is_installed():
        yield Skipped(LINE, f"accepted, against {INFLUX}", MISSING)
    with ExitStack() as stack:
        database = stack.enter_context(some_database())
        sink = stack.enter_context(serving(database))
        peers = list(_running(stack, database))
        saturated(database, sink, batches(SIZES.warm_up_batches, database.keys))
        done = [_round(database, sink, peers) for _ in range(rounds)]
    ours, *theirs = (list(side) for side in zip(*done, strict=True))
    for peer, speeds in zip(peers, theirs, strict=True):
        reference = Reference(peer.what, speeds)
        what = f"accepted, against {peer.what}"
        yield Figure(LINE, what, "events/s", ours, reference, peer.target)


def _running(stack: ExitStack, database: Database) -> Iterator[Peer]:
    if is_installed():
        take = stack.enter_context(running_influx())
        yield Peer(INFLUX, take, SIZES.batches, FASTER)
    for unit, target in (("event", MUCH_FASTER), ("request", None)):
        take = stack.enter_context(running_naive(database, unit))
        what = f"one INSERT an event, a commit a {unit}"
        yield Peer(what, take, SIZES.naive_batches, target)


def _round(database: Database, sink: Sink, peers: list[Peer]) -> list[float]:
    database.empty()
    made = batches(SIZES.batches, database.keys)
    ours = saturated(database, sink, made).events_per_s
    return [ours, *(peer.take(made[: peer.batches]) for peer in peers)]
