"""How much is measured. `VOX_BENCH_SCALE=0.01 make bench` tries everything with little of it."""

import os
from dataclasses import dataclass
from typing import Final, Self

SCALE: Final = "VOX_BENCH_SCALE"


@dataclass(frozen=True)
class Sizes:
    """Counts of one round; `of` scales them.

    Attributes:
        batches: of 100 events, that a sink is saturated with and the reference copies.
        warm_up_batches: that a sink takes before anything is measured.
        small_batches: of 1 event.
        paced_s: how long requests are sent at a fixed rate.
        large_batches: of 1 MiB.
        stored_events: that lie in the database before `growth` is measured.
        naive_batches: fewer, since the naive endpoint takes so long for each.
        commits: that are timed one by one.
        enqueued_events: of the file that the client enqueues.
        uploaded_batches: of 100 events, that the client uploads.
        pending_batches: of the longest backlog in a client's spool.

    """

    batches: int = 2_000
    warm_up_batches: int = 200
    small_batches: int = 4_000
    paced_s: float = 3.0
    large_batches: int = 64
    stored_events: int = 10_000_000
    naive_batches: int = 48
    commits: int = 400
    enqueued_events: int = 20_000
    uploaded_batches: int = 1_000
    pending_batches: int = 100_000

    @classmethod
    def of(cls, scale: float) -> Self:
        """Return all of them times `scale`, nothing under what a figure can be made of."""
        return cls(
            batches=max(16, round(cls.batches * scale)),
            warm_up_batches=max(8, round(cls.warm_up_batches * scale)),
            small_batches=max(16, round(cls.small_batches * scale)),
            paced_s=max(0.2, cls.paced_s * scale),
            large_batches=max(2, round(cls.large_batches * scale)),
            stored_events=max(10_000, round(cls.stored_events * scale)),
            naive_batches=max(2, round(cls.naive_batches * scale)),
            commits=max(10, round(cls.commits * scale)),
            enqueued_events=max(100, round(cls.enqueued_events * scale)),
            uploaded_batches=max(4, round(cls.uploaded_batches * scale)),
            pending_batches=max(4, round(cls.pending_batches * scale)),
        )


SIZES = Sizes.of(float(os.environ.get(SCALE, "1")))
