"""How fast is it, against what the machine can do? Prints the table, keeps it as JSON.

    python benchmarks/run.py                  all of it
    python benchmarks/run.py ingest verify    some of it
    python benchmarks/run.py --rounds 3       shorter, and less sure

Returns 1 where a target is missed. Loopback only; what it starts, it ends.
"""

import argparse
import json
import os
import platform
import signal
import sys
import time
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from figures import Benchmark, Result, Skipped, print_head, print_result

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "bench.json"
DEFAULT_ROUNDS = 5
PACKAGES = ("asyncpg", "cryptography", "httpx", "jsonschema-rs", "litestar", "msgspec", "uvicorn")
# In the order of the table; each module has a `measure(rounds)`, a `figures.Benchmark`.
BENCHMARKS = (
    "limits",
    "ingest",
    "ingest_small",
    "latency",
    "growth",
    "growth_spool",
    "client",
    "verify",
    "contract",
    "peers",
    "memory",
    "memory_client",
    "storage",
)


def main() -> int:
    """Run what was asked for; return 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=DEFAULT_ROUNDS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended, too
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(
            f"no benchmark {', '.join(sorted(unknown))}: there are {', '.join(BENCHMARKS)}"
        )
    began_s = time.monotonic()
    facts = machine()
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    print_head()
    results: list[Result] = []
    for name in asked.names or BENCHMARKS:
        measure: Benchmark = import_module(name).measure
        for result in measure(asked.rounds):
            print_result(result)
            results.append(result)
    keep(asked.out, facts, results)
    missed = [r for r in results if not isinstance(r, Skipped) and r.is_met is False]
    print(
        f"{len(missed)} of {len(results)} short of the target; {time.monotonic() - began_s:.0f} s"
    )
    return 1 if missed else 0


def machine() -> dict[str, str]:
    """Return what the figures were measured on."""
    return {
        "machine": f"{platform.machine()} with {os.cpu_count()} cores",
        # Well above 0 before the first benchmark: somebody else is at work, and no ratio is right.
        "load average": f"{os.getloadavg()[0]:.1f}",
        "CPython": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def keep(out: Path, facts: dict[str, str], results: list[Result]) -> None:
    """Write every figure with its rounds, what was skipped, and the machine."""
    lines: list[dict[str, Any]] = [
        {**result._asdict(), "skipped": True} if isinstance(result, Skipped) else result.document()
        for result in results
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({**facts, "figures": lines}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
