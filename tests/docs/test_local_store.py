"""The example of docs/local-store.md for timings runs as it is printed."""

import re
from pathlib import Path

import pytest

from support.checkouts import ROOT
from support.cli import run_cli
from support.local_databases import query

PAGE = (ROOT / "docs" / "local-store.md").read_text(encoding="utf-8")


def test_the_example_of_timings_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = PAGE.split("\n### Time a block or a function\n")[1].split("\n### ")[0]
    [code] = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(code + "\nparse('x')\n", {"load": lambda: None})  # noqa: S102 -- our own page
    store = tmp_path / ".vox" / "telemetry-store" / "metrics.sqlite3"
    rows = query(
        store,
        "SELECT metadata_json ->> 'name', metadata_json ->> 'metric_value_unit',"
        " metadata_json ->> 'details' FROM research_metrics ORDER BY id",
    )
    assert rows == [
        ("load", "seconds", '{"items":3,"outcome":"completed"}'),
        ("parse", "milliseconds", '{"outcome":"completed"}'),
    ]
    enqueued = run_cli("vox-telemetry", "enqueue", "--from-store")
    assert enqueued.code == 0, enqueued.err  # one row with a forbidden name would keep out all
