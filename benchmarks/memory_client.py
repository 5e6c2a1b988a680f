"""How much memory does a long backlog take? The client's peak with 100,000 batches pending.

A process tells its own peak (VmHWM): what a parent reads of its child includes the parent's own.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from figures import Bound, Figure, Result, Skipped, Target
from own_client import COMMAND_WITHIN_S, own_client
from sizes import SIZES

from support.backlog import make_backlog

PENDING = SIZES.pending_batches
EVENTS_PER_BATCH = 3  # what the batches of `make_backlog` have
UPLOADED = 20  # a burst: the rate limit makes nobody wait for so few
TARGET = Target(Bound.AT_MOST, 80.0)
MB = 1e6
COMMANDS = {
    "status": ("status", "--json"),
    "upload": ("upload", "--json", "--max-batches", str(UPLOADED)),
}
STATUS_FILE = Path("/proc/self/status")
DRIVER = """
import re, sys
from pathlib import Path
from vox_telemetry_client.cli import run
code = run(sys.argv[1:])
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(peak.group(1), file=sys.stderr)
sys.exit(code)
"""


def measure(rounds: int) -> Iterator[Result]:
    """Yield the peak of each command."""
    if not STATUS_FILE.exists():
        yield Skipped("memory", "client", f"only Linux tells a process its peak, in {STATUS_FILE}")
        return
    with own_client(EVENTS_PER_BATCH) as client:
        spool = client.root / "spool"
        make_backlog(spool, PENDING)
        for name, arguments in COMMANDS.items():
            values = [_peak_mb(spool, *arguments) for _ in range(rounds)]
            what = f"client, {name} with {PENDING:,} pending"
            yield Figure("memory", what, "MB", values, None, TARGET)


def _peak_mb(spool: Path, *arguments: str) -> float:
    done = subprocess.run(  # noqa: S603 -- our own programs, no shell
        [sys.executable, "-c", DRIVER, *arguments],
        env=os.environ | {"VOX_TELEMETRY_SPOOL_DIR": str(spool)},
        capture_output=True,
        text=True,
        timeout=COMMAND_WITHIN_S,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{arguments}: exit code {done.returncode}: {done.stderr}")
    return int(done.stderr.splitlines()[-1]) * 1024 / MB
