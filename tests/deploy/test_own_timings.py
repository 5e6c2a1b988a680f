"""`make own-timings`: deploy/own-timings/ and what it takes of deploy/demo/, in a checkout of its own."""

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest

from support.checkouts import ROOT

STORE = ".own-timings/metrics.sqlite3"
FINISHED_WITHIN_S = 60
TESTS = """
import time
import pytest

class TestInner:
    def test_slow(self): time.sleep(0.05)

@pytest.mark.parametrize("secret", ["canary one", "canary two"])
def test_quick(secret): pass

def test_fails(): assert 0
"""
INTERRUPTED = "def test_done(): pass\ndef test_interrupted(): raise KeyboardInterrupt\n"
OK, FAILED = 0, 1


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for folder in ("deploy/demo", "deploy/own-timings"):
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=left_out)
    return tmp_path


def record(checkout: Path, tests: str, env: Mapping[str, str] | None = None) -> None:
    """Run tests as the Makefile does, of which the words are taken."""
    [words] = [
        text.split("\n\n")[0] for text in (ROOT / "Makefile").read_text().split("\nTIMINGS = ")[1:]
    ]
    options = words.split("\nCOMPILE")[0].replace("\\", "").split()
    (checkout / "test_small.py").write_text(tests)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_small.py"],
        cwd=checkout,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | dict(env or {}),
        capture_output=True,
        timeout=FINISHED_WITHIN_S,
        check=False,
    )


def own_timings(
    checkout: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, checkout / "deploy/own-timings/run.py", *arguments],
        env=os.environ | {"CI": "", "PYTHONPATH": str(checkout / "deploy/demo")} | dict(env or {}),
        capture_output=True,
        text=True,
        timeout=FINISHED_WITHIN_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


async def test_every_row_of_a_run_arrives_and_the_slowest_modules_are_told(
    checkout: Path, database_url: str
) -> None:
    record(checkout, TESTS)
    code, said = own_timings(checkout, "--database-url", database_url, env={"CI": "true"})
    assert code == OK, said
    assert "4 rows recorded, 4 events acknowledged, 4 rows stored" in said
    [line] = [line for line in said.splitlines() if "functions" in line]
    assert line.split()[2:] == ["3", "functions", "test_small"]
    assert float(line.split()[0]) >= 0.05
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT metadata->>'name' AS name, metadata->'details'->>'outcome' AS outcome,"
            " session_id FROM event ORDER BY name"
        )
    finally:
        await connection.close()
    assert [(row["name"], row["outcome"]) for row in rows] == [
        ("pytest_run", "tests_failed"),
        ("test_small.TestInner.test_slow", "passed"),
        ("test_small.test_fails", "failed"),
        ("test_small.test_quick", "passed"),
    ]
    assert {row["session_id"] for row in rows} == {"bench:vox-telemetry"}
    assert not (checkout / ".vox").exists()


def test_without_a_run_it_says_what_to_do(checkout: Path) -> None:
    code, said = own_timings(checkout)
    assert (code, said) == (
        FAILED, f"there is no {STORE}: run `make test` to its end first\n"
    )  # fmt: skip


def test_an_interrupted_run_is_no_run(checkout: Path) -> None:
    record(checkout, INTERRUPTED)
    code, said = own_timings(checkout)
    assert code == FAILED
    assert said == "got interrupted, expected one whole run: run `make test` to its end first\n"


def test_whoever_wishes_no_tracking_records_nothing_and_is_obeyed(checkout: Path) -> None:
    wish = {"DO_NOT_TRACK": "1"}
    record(checkout, TESTS, env=wish)
    assert not (checkout / ".own-timings").exists()
    code, said = own_timings(checkout, env=wish)
    assert (code, said.strip().startswith("nothing to do, as you wish: DO_NOT_TRACK")) == (OK, True)


@pytest.mark.parametrize("off", [{"DO_NOT_TRACK": "1"}, {"VOX_TELEMETRY": "off"}])
def test_switched_off_where_ci_is_set_is_a_failure_that_is_seen(
    checkout: Path, off: dict[str, str]
) -> None:
    code, said = own_timings(checkout, env=off | {"CI": "true"})
    assert code == FAILED
    assert "expected it to be on where CI is set" in said


@pytest.mark.parametrize("counts", [(5, 4, 4), (4, 4, 3), (4, 3, 4)])
def test_a_row_that_did_not_arrive_is_a_failure(
    counts: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "deploy" / "demo")
    script = runpy.run_path(str(ROOT / "deploy" / "own-timings" / "run.py"))
    with pytest.raises(SystemExit, match="expected three equal numbers"):
        script["compared"](*counts)


def test_ci_runs_it_after_the_tests_and_the_checks() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    places = [
        script.index(f"make {target} </dev/null") for target in ("test", "check", "own-timings")
    ]
    assert places == sorted(places)
    assert "CI=true make own-timings" in script
