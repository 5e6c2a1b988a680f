"""How many events does the sink accept? In a second, against a bare COPY of the same rows.

Everything is on: signature, digest, zstd, strict JSON, contract, forbidden scan, group commit,
fsync, the stored coded body, signed receipts. The reference is asyncpg's `copy_records_to_table`
of the same rows and their batch rows, 16 batches a transaction, into the same database.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from databases import Database, some_database
from figures import Bound, Figure, Reference, Target
from made import batches
from saturation import Run, copied, saturated
from sinks import Sink, serving
from sizes import SIZES

LINE: Final = "ingest"
COPY: Final = "raw asyncpg COPY"
TARGET: Final = Target(Bound.AT_LEAST, 0.80)


def measure(rounds: int) -> Iterator[Figure]:
    """Yield events/s of one worker and of two, and where the processor time went."""
    with ExitStack() as stack:
        database = stack.enter_context(some_database())
        sinks = [stack.enter_context(serving(database, workers=workers)) for workers in (1, 2)]
        for sink in sinks:
            saturated(database, sink, batches(SIZES.warm_up_batches, database.keys))
        done = [_round(database, sinks) for _ in range(rounds)]
    raw, one, two = (list(side) for side in zip(*done, strict=True))
    reference = Reference(COPY, [run.events_per_s for run in raw])
    for name, runs, target in (("1 worker", one, TARGET), ("2 workers", two, None)):
        values = [run.events_per_s for run in runs]
        yield Figure(LINE, f"accepted, {name}", "events/s", values, reference, target)
    yield from _costs(raw, one)


def _round(database: Database, sinks: list[Sink]) -> list[Run]:
    """Store the same new batches once as rows and once by each sink, each time into nothing.

    Raises:
        RuntimeError: a sink stored other rows than were copied.

    """
    made = batches(SIZES.batches, database.keys)
    database.empty()
    runs = [copied(database, made)]
    expected = database.content()
    for sink in sinks:
        database.empty()
        runs.append(saturated(database, sink, made))
        if database.content() != expected:
            raise RuntimeError(f"the sink stored {database.content()}, expected {expected}")
    return runs


def _costs(raw: list[Run], sink: list[Run]) -> Iterator[Figure]:
    """Yield the processor time of a batch, all processes of a kind together."""
    copying = Reference(COPY, [run.micros_per_batch(run.postgres_s) for run in raw])
    for what, values, reference in (
        ("processor time of the sink", [r.micros_per_batch(r.sink_s) for r in sink], None),
        ("processor time of Postgres", [r.micros_per_batch(r.postgres_s) for r in sink], copying),
        ("processor time of the load", [r.micros_per_batch(r.generator_s) for r in sink], None),
    ):
        yield Figure(LINE, what, "µs/batch", values, reference)
