"""The model of docs/scaling.md, from a small file as `make bench` writes it."""

import json
import subprocess
import sys
from pathlib import Path

from support.events import REPOSITORY

SCRIPT = REPOSITORY / "benchmarks" / "scaling.py"
FIGURES = [
    ("ingest", "accepted, 1 worker", 12_000.0),
    ("ingest", "processor time of the sink", 5_000.0),  # of a batch of 100: 20,000 events/s a core
    ("ingest", "processor time of Postgres", 1_000.0),  # 100,000 events/s a core
    ("storage", "an event's row", 300.0),
    ("storage", "its index entry", 100.0),
    ("storage", "its part of its batch's row, body and index", 100.0),
    ("storage", "its part of the write-ahead log", 600.0),
]


def printed(tmp_path: Path, *args: str, figures: list[tuple[str, str, float]]) -> tuple[int, str]:
    file = tmp_path / "bench.json"
    lines = [{"line": line, "what": what, "value": value} for line, what, value in figures]
    file.write_text(json.dumps({"figures": lines}))
    ran = subprocess.run(
        [sys.executable, SCRIPT, "--results", file, *args],
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def rows(text: str) -> list[tuple[str, str]]:
    return [
        (name.strip(), value)
        for name, _, value in (line.rpartition(" ") for line in text.splitlines())
        if value
    ]


def test_the_model_is_the_arithmetic_of_the_figures(tmp_path: Path) -> None:
    code, text = printed(
        tmp_path, "--rate", "100000", "--core-hour", "0.5", "--gb-month", "0.1", figures=FIGURES
    )
    assert code == 0, text
    found = rows(text)
    for expected in [
        ("of a core of sinks, events/s", "20,000"),
        ("of a core of Postgres, events/s", "100,000"),
        ("cores of sinks, all busy", "5.0"),
        ("cores of Postgres, all busy", "1.0"),
        ("written to the log and to each standby, MB/s", "60.0"),
        ("core hours, sinks and Postgres", "16.7"),  # 60 µs, 10^9 times, in hours
        ("disk, one copy, GB", "500"),
        ("disk, one copy, GB", "50,000"),
        ("cores at 0.5 an hour", "8"),
        ("disk at 0.1 a GB and month, 7 months", "350"),
        ("together, one copy", "358"),
        ("rows of batch, of 100 events each", "1,000,000,000"),
    ]:
        assert expected in found, text


def test_a_file_without_a_line_is_told_what_to_run(tmp_path: Path) -> None:
    code, text = printed(tmp_path, figures=FIGURES[:3])
    assert (code, text) == (
        2,
        "scaling: no figure 'an event's row' in the line storage: run make bench\n",
    )


def test_the_storage_benchmark_runs_with_little_of_it(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    ran = subprocess.run(
        [sys.executable, "benchmarks/run.py", "storage", "--out", out],
        cwd=REPOSITORY,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": "tests", "VOX_BENCH_SCALE": "0.01"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    figures = {figure["what"]: figure for figure in json.loads(out.read_text())["figures"]}
    assert len(figures) == 5
    assert all(figure["value"] > 0 for figure in figures.values())
