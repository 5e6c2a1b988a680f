"""What does checking cost? Microseconds a batch of 100 real events, against json.loads of it.

Each figure is a ratio taken in the same round, in processor time, and the median of the rounds is
printed with the spread: the machine's speed and its other work cancel out. `unseen` scans texts
that the process has never met, which is what the first batch of a run costs.
"""

import gzip
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.contracts import Schema
from vox_telemetry_spec.forbidden import load_scanner
from vox_telemetry_spec.strict_json import decode, encode
from vox_telemetry_spec.taxonomy import SensitivityClass
from vox_telemetry_spec.times import parse_time

ROOT = Path(__file__).resolve().parents[1]
EVENTS = ROOT / "tests" / "data" / "usage-events.jsonl.gz"
RESULTS = ROOT / "benchmarks" / "results" / "contract.json"
BATCH_EVENTS = 100
ROUNDS = 15
CALLS = 60
TARGET_RATIO = 1.0


def main() -> int:
    """Print the table, keep it as JSON, and return 1 where the target is missed."""
    raw, events = real_batch()
    figures = {name: measured(work, raw) for name, work in works(raw, events).items()}
    machine = f"{platform.machine()}, CPython {platform.python_version()}"
    packages = {name: version(name) for name in ("msgspec", "jsonschema-rs")}
    print(f"{BATCH_EVENTS} real events, {len(raw)} bytes; {machine}; {packages}")
    print(f"{'':22}{'µs':>8}{'ratio':>8}   min … max, against json.loads of the same bytes")
    for name, (cost, ratios) in figures.items():
        spread = f"{min(ratios):.2f} … {max(ratios):.2f}"
        print(f"{name:22}{cost:8.0f}{statistics.median(ratios):8.2f}   {spread}")
    ratio = statistics.median(figures["validate + scan"][1])
    met = ratio <= TARGET_RATIO
    print(f"validate + scan: target at most {TARGET_RATIO:.2f}, {'met' if met else 'NOT MET'}")
    keep({"machine": machine, "packages": packages}, figures)
    return 0 if met else 1


def keep(facts: dict[str, object], figures: dict[str, tuple[float, list[float]]]) -> None:
    """Write the median ratios beside the machine they were measured on."""
    ratios = {name: statistics.median(values) for name, (_, values) in figures.items()}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**facts, "ratios": ratios}, indent=2) + "\n")


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
        "json.loads": lambda: json.loads(raw),
        "strict decode": lambda: decode(raw),
        "validate shapes": lambda: contract.admits_all(events),  # type: ignore[arg-type]  # JSON
        "scan whole events": lambda: scan(fresh=False),
        "scan, unseen texts": lambda: scan(fresh=True),
        "validate + scan": check,
    }


def measured(work: Callable[[], object], raw: bytes) -> tuple[float, list[float]]:
    """Return the median microseconds of a call and its ratio to json.loads, round by round."""
    times, ratios = [], []
    for _ in range(ROUNDS):
        reference = micros(lambda: json.loads(raw))
        times.append(micros(work))
        ratios.append(times[-1] / reference)
    return statistics.median(times), ratios


def micros(work: Callable[[], object]) -> float:
    """Return the processor time of one call."""
    start = time.process_time()
    for _ in range(CALLS):
        work()
    return (time.process_time() - start) / CALLS * 1e6


if __name__ == "__main__":
    sys.exit(main())
