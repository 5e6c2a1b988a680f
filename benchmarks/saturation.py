"""The sides of a round: a reference copies rows, a sink takes the same batches over HTTP."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from copying import copy
from databases import Database
from load import DEFAULT_CONNECTIONS, Outcome, saturate
from made import Batch
from sinks import Sink

CREATED: Final = 201


@dataclass(frozen=True)
class Run:
    """One side of one round.

    The processor times are those of all processes of a kind; None where they cannot be looked at.
    """

    took_s: float
    batches: int
    events: int
    postgres_s: float | None
    sink_s: float | None = None
    generator_s: float | None = None

    @property
    def events_per_s(self) -> float:
        """How many events were stored a second."""
        return self.events / self.took_s

    @property
    def batches_per_s(self) -> float:
        """How many batches were stored a second."""
        return self.batches / self.took_s


def copied(database: Database, batches: Sequence[Batch]) -> Run:
    """Copy the batches' rows, as the reference does."""
    before_s = database.processor_s()
    with no_collections():
        took_s = copy(database.dsn, batches)
    return Run(took_s, len(batches), events_in(batches), _between(before_s, database.processor_s()))


def saturated(
    database: Database,
    sink: Sink,
    batches: Sequence[Batch],
    *,
    connections: int = DEFAULT_CONNECTIONS,
) -> Run:
    """Let the sink take the batches as fast as it can.

    Raises:
        RuntimeError: not every batch was acknowledged, or not everything acknowledged is stored.

    """
    requests = [batch.request for batch in batches]
    with everything_stored(database, batches) as outcomes, no_collections():
        postgres_s, sink_s = database.processor_s(), sink.processor_s()
        outcome = saturate(sink.port, requests, connections=connections)
        postgres_s = _between(postgres_s, database.processor_s())
        sink_s = _between(sink_s, sink.processor_s())
        outcomes.append(outcome)
    spent = (postgres_s, sink_s, outcome.processor_s)
    return Run(outcome.took_s, len(batches), events_in(batches), *spent)


@contextmanager
def everything_stored(database: Database, batches: Sequence[Batch]) -> Iterator[list[Outcome]]:
    """Compare what the load in the block was answered with what the database holds after it.

    Raises:
        RuntimeError: a figure of something broken would be worth nothing.

    """
    outcomes: list[Outcome] = []
    yield outcomes
    for outcome in outcomes:
        outcome.assert_all(CREATED, len(batches))
    stored = database.stored([batch.batch_row[0] for batch in batches])
    if stored != (len(batches), events_in(batches)):
        raise RuntimeError(f"{stored} batches and events are stored, {len(batches)} acknowledged")


@contextmanager
def no_collections() -> Iterator[None]:
    """Keep the garbage collector from walking the prepared rows in the middle of a measurement."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def events_in(batches: Sequence[Batch]) -> int:
    """Return how many events batches hold together."""
    return sum(len(batch.event_rows) for batch in batches)


def _between(before_s: float | None, after_s: float | None) -> float | None:
    return None if before_s is None or after_s is None else after_s - before_s
