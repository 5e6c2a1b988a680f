"""What does checking cost? Microseconds a batch of 100 real events, against json.loads of it.

In processor time, of a process that has done it 180 times before. `unseen` scans whole events of
texts that the process has never met. `fresh ids` are ten sessions a batch, each with a session id,
a repository id and a commit that were never met, beside names that were; `all texts new` has names
and lanes, too, that were never met, different in each event. As in a sink, each of these batches is
decoded just before it is checked, which is not counted.
"""

import copy
import gzip
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import repeat
from pathlib import Path
from string import ascii_lowercase
from typing import Any, NamedTuple

from figures import Bound, Figure, Reference, Target

from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.contracts import Schema
from vox_telemetry_spec.forbidden import load_scanner
from vox_telemetry_spec.strict_json import decode, encode
from vox_telemetry_spec.taxonomy import SensitivityClass
from vox_telemetry_spec.times import parse_time

ROOT = Path(__file__).resolve().parents[1]
EVENTS = ROOT / "tests" / "data" / "usage-events.jsonl.gz"
BATCH_EVENTS = 100
CALLS = 60
SESSIONS = 10
WARM_UP_ROUNDS = 3
TARGETS = {
    name: Target(Bound.AT_MOST, 1.0)
    for name in ("strict decode", "validate + scan", "validate + scan, fresh ids")
}
Events = list[Any]


class Work(NamedTuple):
    """What is measured: a call for each input, of which only the call itself counts."""

    call: Callable[[Any], object]
    inputs: Callable[[], Iterator[Any]]
    raws: Callable[[], Iterator[bytes]]


def real_batch() -> tuple[bytes, Events]:
    """Return a batch's events as canonical bytes and decoded."""
    lines = gzip.decompress(EVENTS.read_bytes()).splitlines()[:BATCH_EVENTS]
    events = [decode(line) for line in lines]
    return encode(events), list(events)


def works(raw: bytes, events: Events) -> dict[str, Work]:
    """Return what is measured, each alone and together."""
    newest = parse_time(max(event["recorded_at"] for event in events))
    check = checks((newest or sys.exit("no time")) + timedelta(minutes=1), events)
    contract = Schema("contracts/telemetry/usage-event-benchmark.v1.schema.json")
    scanner = load_scanner()
    chance = random.Random(1)  # noqa: S311 -- no secret

    def scan(batch: Events) -> None:
        for index, event in enumerate(batch):
            scanner.scan(event, index)

    def forget_and_scan(batch: Events) -> None:
        scanner.forget()
        scan(batch)

    def met(call: Callable[[Any], object], batch: object) -> Work:
        return Work(call, lambda: repeat(batch, CALLS), lambda: repeat(raw, CALLS))

    def unmet(*, names: bool) -> Work:
        def raws() -> Iterator[bytes]:
            return iter([fresh_batch(events, chance, names=names) for _ in range(CALLS)])

        return Work(check, lambda: map(decode, raws()), raws)

    return {
        "strict decode": met(decode, raw),
        "validate shapes": met(contract.admits_all, events),
        "scan whole events": met(scan, events),
        "scan, unseen texts": met(forget_and_scan, events),
        "validate + scan": met(check, events),
        "validate + scan, fresh ids": unmet(names=False),
        "validate + scan, all texts new": unmet(names=True),
    }


def checks(now: datetime, real: Events) -> Callable[[Events], None]:
    """Return the check of a batch, as one process does it from the first batch to the last.

    Of made ids, a very few happen to spell what a rule refuses: those batches are counted, too.
    """
    checker = Checker.load()

    def check(events: Events) -> None:
        checker.check_batch(events, now=now, ceiling=SensitivityClass.S1)

    if checker.check_batch(real, now=now, ceiling=SensitivityClass.S1).violations:
        sys.exit("a real event was refused")
    return check


def fresh_batch(events: Events, chance: random.Random, *, names: bool) -> bytes:
    """Return the events as other sessions would have sent them, of another project with `names`."""
    sessions = [[chance.randbytes(size).hex() for size in (8, 8, 20)] for _ in range(SESSIONS)]
    project = "".join(chance.choices(ascii_lowercase, k=8))
    batch = copy.deepcopy(events)
    for number, event in enumerate(batch):
        session, repository, commit = sessions[number % SESSIONS]
        metadata = event["metadata"]
        event["session_id"] = f"bench:{session}"
        metadata["repository_id"] = repository
        metadata["details"]["commit"] = commit
        if names:
            metadata["name"] = f"{project}.{metadata['name']}"
            metadata["details"]["lane"] += f".{project}{number}"
    return encode(batch)


def measure(rounds: int) -> Iterator[Figure]:
    """Yield each cost with that of json.loads just before it."""
    raw, events = real_batch()
    for name, work in works(raw, events).items():
        references, values = [], []
        for _ in range(WARM_UP_ROUNDS):
            micros(work.call, work.inputs())
        for _ in range(rounds):
            references.append(micros(json.loads, work.raws()))
            values.append(micros(work.call, work.inputs()))
        reference = Reference("json.loads", references)
        yield Figure("contract", name, "µs/batch", values, reference, TARGETS.get(name))


def micros(work: Callable[[Any], object], inputs: Iterator[Any]) -> float:
    """Return the processor time of one call; what makes its input does not count."""
    took_s, calls = 0.0, 0
    for one in inputs:
        start = time.process_time()
        work(one)
        took_s += time.process_time() - start
        calls += 1
    return took_s / calls * 1e6
