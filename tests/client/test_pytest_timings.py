"""The pytest reporter, in runs of pytest as a project has them: processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from support.client_world import NOW
from support.local_databases import query
from vox_telemetry_client.metrics_store import MetricsStore

PLUGIN = ("-p", "vox_telemetry_client.pytest_timings")
ON = (*PLUGIN, "--vox-timings-repository=my-project")
ROWS = "SELECT session_id, metric_type, metric_value, metadata_json FROM research_metrics"
# The other plugins of this environment take longer to load than these runs.
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
TESTS = """
import os
import time
import pytest

@pytest.mark.parametrize("secret", ["canary one", "canary/two", "canary@example.org"])
def test_sets(secret): time.sleep(0.01)

class TestInner:
    class TestDeeper:
        def test_method(self, subtests):
            for at in range(3):
                with subtests.test(msg="canary", at=at):
                    time.sleep(0.01)

def test_fails(): assert "canary" == ""

@pytest.fixture
def broken(): raise ValueError("canary")
def test_broken_setup(broken): pass

@pytest.fixture
def leaves_broken():
    yield
    raise ValueError("canary")
def test_broken_teardown(leaves_broken): pass

@pytest.mark.skip(reason="canary")
def test_skipped(): pass
def test_skips_itself(): pytest.skip("canary")
@pytest.mark.xfail(strict=True, reason="canary")
def test_expected_to_fail(): assert 0

def test_flaky(): assert os.path.exists("again") or open("again", "w").close()

def test_ip_10_0_0_1(): pass
"""
# What pytest-rerunfailures does to reports: the attempts that do not count are called "rerun".
RERUNS = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    if item.name != "test_flaky":
        return None
    first = runtestprotocol(item, nextitem=item, log=False)
    for report in first:
        if report.when == "call":
            assert report.failed
            report.outcome = "rerun"
        if report.when != "teardown":
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in runtestprotocol(item, nextitem=nextitem, log=False):
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""  # fmt: skip

# What plugins that know of open bugs do, and one that spoils what it touches.
OWN_WORD = """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" and item.name == "test_fails":
        report.outcome = "known_issue"
    return report
"""
SPOILT = OWN_WORD.replace('report.outcome = "known_issue"', 'report.duration = "long"')


def run(folder: Path, *options: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env=os.environ | ALONE | (env or {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\nxfail_strict = true\n")
    (tmp_path / "unit").mkdir()
    (tmp_path / "unit" / "test_it.py").write_text(TESTS)
    return tmp_path


def rows_of(store: Path) -> dict[str, tuple[float | None, dict[str, Any]]]:
    found = {}
    for session, metric_type, value, text in query(store, ROWS):
        metadata = json.loads(text)
        assert (session, metric_type) == ("bench:my-project", "benchmark_event")
        assert metadata["metric_value_unit"] == "seconds"
        assert metadata["name"] not in found
        found[metadata["name"]] = (value, metadata["details"])
    return found


@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n", "2")], ids=["alone", "xdist"])
def test_a_run_is_one_row_a_function_with_its_outcome(
    project: Path, workers: tuple[str, ...]
) -> None:
    (project / "conftest.py").write_text(RERUNS)
    code, said = run(project, *ON, "--vox-timings-db", "store/m.db", *workers)
    assert code == 1
    assert f"vox timings: 11 rows of 12 test cases in {project / 'store' / 'm.db'}" in said
    rows = rows_of(project / "store" / "m.db")
    told = {
        name: (value is not None, details["outcome"], details.get("cases"))
        for name, (value, details) in rows.items()
    }
    here = "unit.test_it"
    assert told == {
        f"{here}.test_sets": (True, "passed", 3),
        f"{here}.TestInner.TestDeeper.test_method": (True, "passed", 1),
        f"{here}.test_fails": (True, "failed", 1),
        f"{here}.test_broken_setup": (False, "error", 1),
        f"{here}.test_broken_teardown": (True, "error", 1),
        f"{here}.test_skipped": (False, "skipped", 1),
        f"{here}.test_skips_itself": (False, "skipped", 1),
        f"{here}.test_expected_to_fail": (False, "skipped", 1),
        f"{here}.test_flaky": (True, "passed", 1),
        here: (True, "passed", 1),  # the name with an IP address counts for its module
        "pytest_run": (True, "tests_failed", 12),
    }
    assert rows[f"{here}.test_flaky"][1]["reruns"] == 1
    value, details = rows[f"{here}.test_sets"]
    assert value is not None
    assert 0.03 <= value < 3 * details["max_seconds"] + 0.000_01
    assert {"setup_seconds", "teardown_seconds"} <= details.keys()
    method, _ = rows[f"{here}.TestInner.TestDeeper.test_method"]
    assert method is not None
    assert method >= 0.03  # the subtests are within it, and counted once


def test_nothing_of_the_data_gets_in(project: Path) -> None:
    run(project, *ON, "--vox-timings-db", "store/m.db")
    kept = b"".join(path.read_bytes() for path in (project / "store").iterdir())
    for word in ("canary", "example", "10_0_0_1", str(project)):
        assert word.encode() not in kept


def test_without_the_option_nothing_happens_and_nothing_is_imported(project: Path) -> None:
    (project / "conftest.py").write_text(
        'pytest_plugins = ["vox_telemetry_client.pytest_timings"]\n'
        "import sys\n"
        "def pytest_unconfigure():\n"
        "    loaded = [name for name in sys.modules if name.startswith('vox_telemetry_')]\n"
        "    print('loaded', sorted(loaded))\n"
    )
    code, said = run(project, "-k", "test_sets")
    assert code == 0
    assert "vox timings" not in said
    assert "loaded ['vox_telemetry_client', 'vox_telemetry_client.pytest_timings']" in said
    assert not (project / ".vox").exists()


def test_it_may_be_named_in_a_conftest_and_the_default_store_is_that_of_record(
    project: Path,
) -> None:
    (project / "conftest.py").write_text('pytest_plugins = ["vox_telemetry_client.pytest_timings"]')
    code, _ = run(project, "-k", "test_sets", "--vox-timings-repository", "my-project")
    rows = rows_of(project / ".vox" / "telemetry-store" / "metrics.sqlite3")
    assert (code, sorted(rows)) == (0, ["pytest_run", "unit.test_it.test_sets"])


def test_an_installed_client_is_no_plugin_of_anybodys_run() -> None:
    plugins = distribution("vox-telemetry").entry_points.select(group="pytest11")
    assert not [one.value for one in plugins if one.value.startswith("vox_telemetry_client")]


def test_a_store_without_a_repository_id_is_a_usage_error(project: Path) -> None:
    code, said = run(project, *PLUGIN, "--vox-timings-db", "x")
    assert code == 4
    assert "--vox-timings-db needs --vox-timings-repository" in said


@pytest.mark.parametrize(
    "switch", [{"VOX_TELEMETRY": "off"}, {"DO_NOT_TRACK": "1"}, {"VOX_BENCHMARK_TELEMETRY": "0"}]
)
def test_switched_off_nothing_is_recorded_and_the_run_is_the_same(
    project: Path, switch: dict[str, str]
) -> None:
    code, said = run(project, *ON, "-k", "test_sets", env=switch)
    assert code == 0
    [said] = [line for line in said.splitlines() if line.startswith("vox timings: ")]
    assert said.startswith(f"vox timings: nothing recorded: {next(iter(switch))} is")
    assert said.endswith(" to record")
    assert not (project / ".vox").exists()


def test_what_only_collects_records_nothing(project: Path) -> None:
    code, said = run(project, *ON, "--collect-only")
    assert (code, "vox timings" in said, (project / ".vox").exists()) == (0, False, False)


def test_trouble_with_the_store_changes_no_exit_code(project: Path) -> None:
    (project / "m.db").write_bytes(b"no database, " * 100)
    (project / "m.db").chmod(0o600)
    project.chmod(0o700)
    code, said = run(project, *ON, "-k", "test_sets", "--vox-timings-db", "m.db")
    assert code == 0
    assert f"vox timings: nothing recorded: {project / 'm.db'} is damaged" in said


def test_a_repository_id_that_may_not_be_uploaded_is_a_usage_error_before_any_test(
    project: Path,
) -> None:
    code, said = run(project, *PLUGIN, "-k", "test_flaky", "--vox-timings-repository=two words")
    assert code == 4
    assert "ERROR: --vox-timings-repository: the repository id breaks" in said
    assert not (project / "again").exists()


ABOVE = {
    "no ini file": ("", [], "tests.test_a"),
    "workers": ("", ["-p", "xdist.plugin", "-n", "1"], "tests.test_a"),
    "an ini file that is hidden by this": ("clients/acme/proj", ["-k", "test_one"], "tests.test_a"),
    "an ini file of the project": ("clients/acme/proj", ["tests"], "tests.test_a"),
    "an ini file of several projects": ("clients/acme", ["tests"], "proj.tests.test_a"),
    "an ini file beside the store": ("stores", [], "tests.test_a"),
    "tests in neither folder": ("", ["../beside/test_a.py"], "test_a"),
}


@pytest.mark.parametrize(("ini", "options", "module"), ABOVE.values(), ids=ABOVE)
def test_no_folder_above_the_project_gets_into_a_name(
    tmp_path: Path, ini: str, options: list[str], module: str
) -> None:
    """What follows `--vox-timings-db` counts as a path, and the root is then above both."""
    project = tmp_path / "clients" / "acme" / "proj"
    for folder in (project / "tests", project.parent / "beside", tmp_path / "stores"):
        folder.mkdir(parents=True)
    for folder in (project / "tests", project.parent / "beside"):
        (folder / "test_a.py").write_text("def test_one(): pass\n")
    if ini:
        (tmp_path / ini / "pytest.ini").write_text("[pytest]\n")
    store = tmp_path / "stores" / "x.db"
    store.parent.chmod(0o700)
    MetricsStore(store, now=lambda: NOW).close()
    code, said = run(project, *ON, "--vox-timings-db", str(store), *options)
    assert (code, "vox timings: 2 rows of 1 test case" in said) == (0, True), said
    assert rows_of(store).keys() == {"pytest_run", f"{module}.test_one"}


def test_an_outcome_that_a_plugin_made_up_is_neither_a_pass_nor_a_failure(project: Path) -> None:
    (project / "conftest.py").write_text(OWN_WORD)
    code, said = run(project, *ON, "-k", "test_fails or test_skips_itself or test_ip")
    assert code == 0
    assert "vox timings: 4 rows of 3 test cases in " in said
    rows = rows_of(project / ".vox" / "telemetry-store" / "metrics.sqlite3")
    value, details = rows["unit.test_it.test_fails"]
    assert (value, details["outcome"], details["skipped"]) == (None, "skipped", 1)
    assert rows["unit.test_it"][1]["outcome"] == "passed"


def test_a_report_that_cannot_be_taken_changes_no_exit_code_and_keeps_no_part(
    project: Path,
) -> None:
    (project / "conftest.py").write_text(SPOILT)
    code, said = run(project, *ON, "-k", "test_fails or test_sets or test_skipped")
    assert (code, "1 failed, 3 passed, 1 skipped" in said) == (1, True)
    assert "vox timings: nothing recorded: TypeError: unsupported operand" in said
    assert not (project / ".vox").exists()


def test_an_interrupted_run_keeps_what_was_finished(project: Path) -> None:
    (project / "unit" / "test_wait.py").write_text(
        "import time\ndef test_done(): pass\ndef test_waits():\n"
        "    open('waiting', 'w').close()\n    time.sleep(60)\ndef test_never(): pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *ON, "unit/test_wait.py"]
    with subprocess.Popen(
        command,
        cwd=project,
        env=os.environ | ALONE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        while not (project / "waiting").exists():
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"vox timings: 2 rows of 1 test case" in said
    rows = rows_of(project / ".vox" / "telemetry-store" / "metrics.sqlite3")
    assert sorted(rows) == ["pytest_run", "unit.test_wait.test_done"]
    details = rows["pytest_run"][1]
    assert (details["outcome"], details["unfinished"]) == ("interrupted", 1)


def test_a_worker_that_dies_is_an_error_of_its_test(project: Path) -> None:
    (project / "unit" / "test_dies.py").write_text(
        "import os\ndef test_dies(): os._exit(3)\ndef test_lives(): pass\n"
    )
    code, _ = run(project, *ON, "-p", "xdist.plugin", "-n", "1", "unit/test_dies.py")
    assert code == 1
    rows = rows_of(project / ".vox" / "telemetry-store" / "metrics.sqlite3")
    assert (
        rows["unit.test_dies.test_dies"][0],
        rows["unit.test_dies.test_dies"][1]["outcome"],
    ) == (
        None,
        "error",
    )
    assert rows["unit.test_dies.test_lives"][1]["outcome"] == "passed"
    assert (rows["pytest_run"][1]["cases"], rows["pytest_run"][1]["unfinished"]) == (2, 0)
