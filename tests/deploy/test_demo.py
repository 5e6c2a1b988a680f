"""`make demo`, the first thing that anybody tries: deploy/demo/ in a checkout of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from support.checkouts import ROOT

FINISHED_WITHIN_S = 110


def test_the_demo_takes_a_file_of_real_events_to_rows_in_postgres(tmp_path: Path) -> None:
    for folder in ("deploy/demo", "docs/examples"):
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=left_out)
    done = subprocess.run(
        [sys.executable, tmp_path / "deploy/demo/run.py"],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=FINISHED_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "'events': 251" in done.stdout
    assert ".demo/spool/pending holds 0 files" in done.stdout
    assert not (ROOT / "deploy/demo/.demo").exists()
