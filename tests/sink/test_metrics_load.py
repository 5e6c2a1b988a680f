"""The load as the console reads it: of this process, or of all workers that count together."""

import ast
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from vox_telemetry_sink import metrics
from vox_telemetry_sink.metrics_load import read_load


def test_the_load_of_this_process_is_read() -> None:
    before = read_load()
    metrics.QUEUE_BATCHES.set(3)
    metrics.QUEUE_BYTES.set(4096)
    metrics.POOL_CONNECTIONS.labels("busy").set(2)
    metrics.COMMIT_SECONDS.observe(0.5)
    metrics.CHECK_SECONDS.observe(0.25)
    with metrics.accounted():
        load = read_load()
    assert (load.of_all, load.queue_batches, load.queue_bytes, load.pool_busy) == (
        False,
        3,
        4096,
        2,
    )
    assert load.in_flight == before.in_flight + 1
    assert (load.commits - before.commits, load.checks - before.checks) == (1, 1)
    assert load.commits_s - before.commits_s == pytest.approx(0.5)
    assert load.checks_s - before.checks_s == pytest.approx(0.25)
    metrics.QUEUE_BATCHES.set(0)
    metrics.QUEUE_BYTES.set(0)


WORKER = """
from vox_telemetry_sink import metrics
from vox_telemetry_sink.metrics_load import read_load
metrics.QUEUE_BATCHES.set(5)
metrics.COMMIT_SECONDS.observe(2.0)
metrics.IN_FLIGHT.inc()
print(read_load()._asdict(), flush=True)
input()
"""


def test_the_load_of_several_workers_is_their_sum(tmp_path: Path) -> None:
    with ExitStack() as stack:
        said = []
        for _ in range(2):
            worker = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", WORKER],
                    env={**os.environ, metrics.MULTIPROCESS_DIR: str(tmp_path)},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(worker.stdin.close)
            said.append(ast.literal_eval(worker.stdout.readline()))
    sums = [[of[name] for of in said] for name in ("queue_batches", "commits", "commits_s")]
    assert sums == [[5, 10], [1, 2], [2.0, 4.0]]
    assert [of["in_flight"] for of in said] == [1, 2]
    assert all(of["of_all"] for of in said)
