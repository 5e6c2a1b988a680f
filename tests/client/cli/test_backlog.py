"""100,000 batches wait: all are counted, in the memory of 100."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from support.backlog import made_id, made_payload, make_backlog
from support.cli import run_cli
from support.client_world import consent_to, problem, stores
from support.crashes import unmeasured
from support.http_server import misbehaving_server

PROGRAM = "vox-telemetry"
MANY = 100_000
FEW = 100
MORE_MAX_KIB = 6 * 1_024  # one window, and what the allocator does not give back

# In the process itself: what a parent reads of its child includes the parent's own memory, which
# the child shares until it has become another program.
_DRIVER = """
import re, sys
from pathlib import Path
from vox_telemetry_client.cli import run
code = run(sys.argv[1:])
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(peak.group(1), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def spools() -> Iterator[dict[int, Path]]:
    memory = Path("/dev/shm")  # a disk takes a while to make 100,000 files
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        roots = {count: Path(folder) / str(count) for count in (FEW, MANY)}
        for count, root in roots.items():
            make_backlog(root, count)
        yield roots


def _peak_kib(*arguments: str, env: Mapping[str, str], code: int = 0) -> tuple[Any, int]:
    """Run a command and return its document and the most memory that it held."""
    done = subprocess.run(
        [sys.executable, "-c", _DRIVER, *arguments],
        env=unmeasured(os.environ) | dict(env),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout), int(done.stderr.splitlines()[-1])


def test_status_of_100_000_batches_counts_them_all_and_lists_a_hundred(
    spools: dict[int, Path],
) -> None:
    env = {"VOX_TELEMETRY_SPOOL_DIR": str(spools[MANY])}
    document = json.loads(run_cli(PROGRAM, "status", "--json", env=env).out)
    assert document["pending"] == {"batches": MANY, "events": 3 * MANY}
    assert document["used_bytes"] == MANY * len(made_payload(made_id(0)))
    assert (len(document["pending_ids"]), document["missing_ids"]) == (100, [])


def test_status_of_100_000_batches_takes_the_memory_of_100(spools: dict[int, Path]) -> None:
    peaks = {}
    for count, root in spools.items():
        env = {"VOX_TELEMETRY_SPOOL_DIR": str(root)}
        document, peaks[count] = _peak_kib("status", "--json", env=env)
        assert document["pending"]["batches"] == count
    assert peaks[MANY] - peaks[FEW] < MORE_MAX_KIB


def test_export_holds_no_more_than_a_batch(tmp_path: Path) -> None:
    peaks = {}
    for count in (2, 2_500):  # the larger one has 50 MB
        make_backlog(tmp_path / str(count), count, padding_bytes=20_000)
        out = tmp_path / f"{count}.jsonl"
        env = {"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / str(count))}
        document, peaks[count] = _peak_kib("export", "--json", "--out", str(out), env=env)
        assert (document["exported"], document["bytes"]) == (count, out.stat().st_size)
    assert peaks[2_500] - peaks[2] < MORE_MAX_KIB


def test_case_58_a_big_backlog_at_the_start_of_an_upload_takes_bounded_memory(
    spools: dict[int, Path], client_env: dict[str, str]
) -> None:
    assert run_cli(PROGRAM, "keys", "generate", env=client_env).code == 0
    peaks = {}
    for count, root in spools.items():
        with misbehaving_server(*[stores()] * 3, then=problem(401, "key-unknown")) as server:
            consent_to(server.url)
            env = client_env | {
                "VOX_TELEMETRY_SPOOL_DIR": str(root),
                "VOX_TELEMETRY_UPLOAD_URL": server.url,
            }
            document, peaks[count] = _peak_kib("upload", "--json", env=env, code=1)
        totals = document["totals"]
        assert (totals["acknowledged"], totals["kept"], len(server.requests)) == (3, count - 3, 4)
        assert len(document["batches"]) == min(103, count)
        assert document.get("not_listed", 0) == max(0, count - 103)
    assert peaks[MANY] - peaks[FEW] < MORE_MAX_KIB
