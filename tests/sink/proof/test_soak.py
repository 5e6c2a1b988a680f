"""`make soak`, twenty seconds of it."""

import os
import re
import subprocess
import sys

from support.events import REPOSITORY

SECONDS = 20
ENDS_WITHIN_S = 110


def test_the_sink_stays_up_while_its_database_is_restarted() -> None:
    soak = [sys.executable, "benchmarks/soak.py", "--seconds", str(SECONDS), "--clients", "4"]
    ran = subprocess.run(
        soak,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": "tests"},
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count(" met\n") == 9
    figures = dict(re.findall(r"^(\S.*?) {2,}(.+)$", ran.stdout, re.MULTILINE))
    assert int(figures["batches acknowledged"]) > 100
    assert re.fullmatch(
        r"restart [\d.]+, kill [\d.]+", figures["database away until ready again, s"]
    )
