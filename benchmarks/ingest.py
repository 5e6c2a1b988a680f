"""How many events does the sink accept? In a second, against a bare COPY of the same rows.

Everything is on: signature, digest, zstd, strict JSON, contract, forbidden scan, group commit,
fsync, the stored coded body, signed receipts. The reference is asyncpg's `copy_records_to_table`
of the same rows and their batch rows, 16 batches a transaction, into the same database.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from databases import DATABASE_URL, Database, some_database
from figures import Bound, Figure, Reference, Result, Skipped, Target
from made import batches
from saturation import Run, copied, saturated
from sinks import WORKERS, Sink, serving
from sizes import SIZES

LINE: Final = "ingest"
COPY: Final = "raw asyncpg COPY"
NOT_SEEN: Final = f"no /proc here, or the server of {DATABASE_URL}, which was not started here"
TARGET: Final = Target(Bound.AT_LEAST, 0.80)


def measure(rounds: int) -> Iterator[Result]:
    """Yield events/s of one worker and of one a core, and where the processor time went."""
    with ExitStack() as stack:
        database = stack.enter_context(some_database())
        sinks = [
            stack.enter_context(serving(database, workers=workers)) for workers in (1, WORKERS)
        ]
        for sink in sinks:
            saturated(database, sink, batches(SIZES.warm_up_batches, database.keys))
        done = [_round(database, sinks) for _ in range(rounds)]
    raw, one, all_cores = (list(side) for side in zip(*done, strict=True))
    reference = Reference(COPY, [run.events_per_s for run in raw])
    for name, runs, target in (
        ("1 worker", one, None),
        ("a worker a core", all_cores, TARGET),
    ):
        values = [run.events_per_s for run in runs]
        yield Figure(LINE, f"accepted, {name}", "events/s", values, reference, target)
    yield from _costs(raw, all_cores)


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


def _costs(raw: list[Run], sink: list[Run]) -> Iterator[Result]:
    """Yield the processor time of a batch, all processes of a kind together."""
    for what, seconds in (
        ("the sink", [run.sink_s for run in sink]),
        ("the load", [run.generator_s for run in sink]),
        ("Postgres", [run.postgres_s for run in sink]),
        ("Postgres with raw COPY", [run.postgres_s for run in raw]),
    ):
        values = [spent_s / SIZES.batches * 1e6 for spent_s in seconds if spent_s is not None]
        if values:
            yield Figure(LINE, f"processor time of {what}", "µs/batch", values)
        else:
            yield Skipped(LINE, f"processor time of {what}", NOT_SEEN)
