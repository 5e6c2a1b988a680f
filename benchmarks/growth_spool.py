"""Does a long backlog make the client slow? Whole commands with 1, 1,000 and 100,000 batches.

Each round enqueues one batch and uploads one, so that every spool keeps its size. `status` is held
to a second; the other two to their own speed with one batch in the spool.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from figures import Bound, Figure, Reference, Target
from own_client import OwnClient, own_client, varied_events
from sizes import SIZES

from support.backlog import make_backlog

COUNTS = (1, SIZES.pending_batches // 100 or 2, SIZES.pending_batches)
EVENTS_PER_BATCH = 3  # what the batches of `make_backlog` have
STATUS_TARGET = Target(Bound.AT_MOST, 1.0)
SPEED_TARGET = Target(Bound.AT_LEAST, 0.95)
COMMANDS = ("status", "enqueue", "upload")

Taken = dict[tuple[str, int], list[float]]  # seconds, by command and by batches in the spool


def measure(rounds: int) -> Iterator[Figure]:
    """Yield how long `status` takes, and how fast the others are against an empty spool."""
    taken: Taken = {(command, count): [] for command in COMMANDS for count in COUNTS}
    with own_client(EVENTS_PER_BATCH) as client:
        spools = {count: _spool(client, count) for count in COUNTS}
        for _ in range(rounds):
            for count, spool in spools.items():
                _one_round(client, spool, count, taken)
    many = max(COUNTS)
    for count in COUNTS:
        target = STATUS_TARGET if count == many else None
        what = f"status, {count:,} batches"
        yield Figure("growth", what, "s", taken["status", count], None, target)
    for command in COMMANDS[1:]:
        reference = Reference("with 1 batch", _speeds(taken[command, min(COUNTS)]))
        for count in COUNTS[1:]:
            values = _speeds(taken[command, count])
            what = f"{command} one batch, {count:,} batches there"
            target = SPEED_TARGET if count == many else None
            yield Figure("growth", what, "commands/s", values, reference, target)


def _spool(client: OwnClient, count: int) -> Path:
    root = client.root / f"spool-{count}"
    make_backlog(root, count)
    return root


def _one_round(client: OwnClient, spool: Path, count: int, taken: Taken) -> None:
    """Take the time of each command, and leave as many batches as there were."""
    taken["status", count].append(client.command_s("status", "--json", spool=spool))
    file = client.root / "three.jsonl"
    file.write_text("".join(f"{json.dumps(one)}\n" for one in varied_events(EVENTS_PER_BATCH)))
    taken["enqueue", count].append(client.command_s("enqueue", file, spool=spool))
    one = ("upload", "--max-batches", "1")
    taken["upload", count].append(client.command_s(*one, spool=spool))
    left = sum(1 for _ in (spool / "pending").iterdir())
    if left != count:
        raise RuntimeError(f"expected {count} batches after a round, got {left}")


def _speeds(seconds: list[float]) -> list[float]:
    return [1 / one for one in seconds]
