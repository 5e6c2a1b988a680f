"""What does checking cost? Microseconds a batch of 100 real events, against json.loads of it.

In processor time. `unseen` scans texts that the process has never met, which is what the first
batch of a run costs.
"""

import gzip
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

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
TARGETS = {"validate + scan": Target(Bound.AT_MOST, 1.0)}


def real_batch() -> tuple[bytes, list[object]]:
    """Return a batch's events as canonical bytes and decoded."""
    lines = gzip.decompress(EVENTS.read_bytes()).splitlines()[:BATCH_EVENTS]
    events = [decode(line) for line in lines]
    return encode(events), list(events)


def works(raw: bytes, events: list[object]) -> dict[str, Callable[[], object]]:
    """Return what is measured, each alone and together."""
    checker = Checker.load()
    newest = parse_time(max(event["recorded_at"] for event in events))  # type: ignore[index]  # real events
    now = (newest or sys.exit("no time")) + timedelta(minutes=1)
    contract = Schema("contracts/telemetry/usage-event-benchmark.v1.schema.json")
    scanner = load_scanner()

    def check() -> None:
        found = checker.check_batch(events, now=now, ceiling=SensitivityClass.S1)  # type: ignore[arg-type]  # JSON
        if found.violations:
            sys.exit("a real event was refused")

    def scan(*, fresh: bool) -> None:
        if fresh:
            scanner.forget()
        for index, event in enumerate(events):
            scanner.scan(event, index)  # type: ignore[arg-type]  # JSON

    return {
        "strict decode": lambda: decode(raw),
        "validate shapes": lambda: contract.admits_all(events),  # type: ignore[arg-type]  # JSON
        "scan whole events": lambda: scan(fresh=False),
        "scan, unseen texts": lambda: scan(fresh=True),
        "validate + scan": check,
    }


def measure(rounds: int) -> Iterator[Figure]:
    """Yield each cost with that of json.loads just before it."""
    raw, events = real_batch()
    for name, work in works(raw, events).items():
        references, values = [], []
        for _ in range(rounds):
            references.append(micros(lambda: json.loads(raw)))
            values.append(micros(work))
        reference = Reference("json.loads", references)
        yield Figure("contract", name, "µs/batch", values, reference, TARGETS.get(name))


def micros(work: Callable[[], object]) -> float:
    """Return the processor time of one call."""
    start = time.process_time()
    for _ in range(CALLS):
        work()
    return (time.process_time() - start) / CALLS * 1e6
