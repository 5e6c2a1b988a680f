"""What pytest loads: in runs of other projects' tests, each in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from support.inner_pytest import NO_AUTOLOAD, PLUGIN, command, run_pytest, written
from support.processes import GONE_WITHIN_S, is_running
from vox_telemetry_sink.testing import plugin

OURS = ("vox_telemetry", "asyncpg", "httpx", "keyring", "litestar", "testcontainers", "docker")
QUIET = ("-p", "vox_telemetry", "-p", "no:faulthandler", "-p", "no:cacheprovider", "-s", "-q")
XDIST = ("-p", "xdist", "-n", "2", "--dist", "each")
PLAIN = "def test_of_another_project():\n    assert 1 + 1 == 2\n"
TELLS_MODULES = """
import json, sys
def pytest_unconfigure(config):
    with open("modules.json", "w") as file:
        json.dump(sorted(sys.modules), file)
"""
HIDES = """
from vox_telemetry_sink.testing import plugin
real = plugin.find_spec
plugin.find_spec = lambda name: None if name == "testcontainers" else real(name)
"""
OWN_DATABASES = """
import asyncio
import pytest
from vox_telemetry_sink.database import migrate

@pytest.mark.parametrize("number", range(2))
def test_each_has_its_own(number, telemetry_database_url, worker_id):
    assert asyncio.run(migrate(telemetry_database_url)) == []
    with open(worker_id, "a") as seen:
        seen.write(telemetry_database_url + "\\n")
"""
WAITS = """
import os, time
def test_is_interrupted(telemetry_sink):
    with open("written", "w") as file:
        file.write(str(telemetry_sink._child._process.pid))
    os.rename("written", "pid")
    time.sleep(600)
"""
FAILS = """
def test_fails(telemetry_sink):
    with open("failed", "w") as file:
        file.write(str(telemetry_sink._child._process.pid))
    assert telemetry_sink.events() == ["something"]
"""


def test_a_run_that_uses_no_fixture_is_as_it_is_without_the_plugin(tmp_path: Path) -> None:
    folder = written(tmp_path, conftest=TELLS_MODULES, test_plain=PLAIN)
    said, modules = [], []
    for options in (PLUGIN, ()):
        ran = run_pytest(folder, "-q", *options)
        assert (ran.code, ran.err) == (0, "")
        said.append(re.sub(r"in \d\.\d\ds", "", ran.out))
        modules.append(set(json.loads((folder / "modules.json").read_text())))
    assert said[0] == said[1]
    added = modules[0] - modules[1]
    of_the_plugin = {name for name in added if name.startswith("vox_telemetry")}
    assert of_the_plugin == {
        "vox_telemetry_sink",
        "vox_telemetry_sink.testing",
        "vox_telemetry_sink.testing.environment",
        "vox_telemetry_sink.testing.plugin",
    }
    assert {name.partition(".")[0] for name in added - of_the_plugin} <= sys.stdlib_module_names
    assert not [one for one in modules[0] - of_the_plugin if one.partition(".")[0] in OURS]


def test_without_the_extra_a_fixture_says_what_to_install(tmp_path: Path) -> None:
    source = "def test_it(telemetry_sink):\n    pass\n"
    source += "def test_key(telemetry_prepared_home):\n    pass\n"
    folder = written(tmp_path, conftest=HIDES, test_it=source, test_plain=PLAIN)
    ran = run_pytest(folder, "-q", *PLUGIN)
    assert ran.code == 1
    said = "not installed (testcontainers): pip install 'vox-telemetry[testing]'"
    assert ran.out.count(said) == 2
    assert "1 passed, 2 errors" in ran.out
    assert "Traceback" not in ran.out


def test_a_postgres_that_cannot_be_had_is_one_sentence(tmp_path: Path) -> None:
    source = "def test_it(telemetry_sink):\n    pass\n"
    ran = run_pytest(written(tmp_path, test_it=source), *PLUGIN, "--telemetry-postgres=hunter2")
    assert ran.code == 1
    assert "exception" not in ran.out  # of which another would be the cause
    assert "\n--telemetry-postgres is none of auto, container, embedded or postgresql://" in ran.out
    assert "Traceback" not in ran.out
    assert "telemetry postgres:" not in ran.out


def test_the_fixtures_are_documented(tmp_path: Path) -> None:
    ran = run_pytest(written(tmp_path, test_plain=PLAIN), "--fixtures", *PLUGIN)
    told = dict(re.findall(r"^(\w+)(?: \[session scope\])? -- .*\n    (.+)", ran.out, re.MULTILINE))
    ours = {name: words for name, words in told.items() if "telemetry" in name}
    assert ours == {
        "telemetry_postgres": "Run one Postgres for all tests: `.label` says which, `.database()` "
        "gives a migrated database.",
        "telemetry_database_url": "Give the test a migrated database of its own, empty; its URL, "
        "for the role that owns it.",
        "telemetry_sink": "Serve a sink on a free port of 127.0.0.1, in a process of its own, over "
        "an empty database.",
        "telemetry_prepared_home": "Make the key of the operator's machines once: it takes longer "
        "than to copy a folder.",
        "telemetry_client": "Make this process an operator's machine that sends to "
        "`telemetry_sink` and nowhere else.",
        "assert_telemetry": "Assert what arrived: `.stored(3)`, `.never_sent(canary)`, "
        "`.everything_accounted_for()`, ….",
    }


def test_without_an_engine_each_worker_has_an_embedded_postgres_and_each_test_a_database(
    tmp_path: Path,
) -> None:
    folder = written(tmp_path, test_own=OWN_DATABASES)
    env = {"DOCKER_HOST": "unix:///nowhere/docker.sock", "PGSSLMODE": "verify-full"}
    ran = run_pytest(folder, *PLUGIN, *XDIST, **env)
    assert ran.code == 0, ran.out
    assert "4 passed" in ran.out
    assert ran.out.splitlines().count("telemetry postgres: embedded") == 1
    urls = [(folder / worker).read_text().splitlines() for worker in ("gw0", "gw1")]
    assert [len(set(one)) for one in urls] == [2, 2]
    sockets = {parse_qs(urlsplit(one).query)["host"][0] for each in urls for one in each}
    assert len(sockets) == 2
    assert not any(Path(one).exists() for one in sockets)


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGKILL])
def test_the_sink_ends_with_a_test_that_fails_and_however_the_run_is_ended(
    ended_by: signal.Signals, tmp_path: Path, creator_dsn: str
) -> None:
    folder = written(tmp_path, test_waits=FAILS * (ended_by is signal.SIGINT) + WAITS)
    choice = f"--telemetry-postgres={creator_dsn}"
    with subprocess.Popen(
        command(*PLUGIN, choice), env=os.environ | NO_AUTOLOAD, cwd=folder, stdout=subprocess.PIPE
    ) as run:
        pid = _once_written(folder / "pid", run)
        assert is_running(int(pid))
        run.send_signal(ended_by)
        said = run.communicate(timeout=60)[0].decode()
    _expect_gone(int(pid))
    if ended_by is signal.SIGINT:
        assert not is_running(int((folder / "failed").read_text()))
        assert "1 failed" in said
        assert "telemetry postgres: the server that was named" in said.splitlines()


@pytest.mark.parametrize(
    ("option", "variable", "ini", "meant"),
    [
        ("embedded", "container", "postgresql://x@h/n", "embedded"),
        (None, "container", "embedded", "container"),
        (None, None, "embedded", "embedded"),
        (None, None, None, "auto"),
    ],
)
def test_the_option_beats_the_environment_beats_the_ini_file(
    option: str | None,
    variable: str | None,
    ini: str | None,
    meant: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Tells:
        def pytest_configure(self, config: pytest.Config) -> None:
            self.meant = plugin._choice(config)

    tells = Tells()
    options = [f"--telemetry-postgres={option}"] * bool(option)
    options += ["-o", f"telemetry_postgres={ini}"] * bool(ini)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    if variable:
        monkeypatch.setenv("VOX_TELEMETRY_TEST_POSTGRES", variable)
    # In this process: all that matters is over before a test would be looked for.
    folder = written(tmp_path)
    ended = pytest.main([str(folder), "--rootdir", str(folder), *QUIET, *options], plugins=[tells])
    assert (ended, tells.meant) == (pytest.ExitCode.NO_TESTS_COLLECTED, meant)


def test_workers_with_different_postgres_are_all_told(tmp_path: Path) -> None:
    # Each decides for itself: an engine may stop to answer between them.
    tells = "import pytest\nfrom vox_telemetry_sink.testing import plugin\n"
    tells += "def pytest_sessionstart(session):\n"
    tells += "    label = getattr(session.config, 'workerinput', {}).get('workerid')\n"
    tells += "    plugin._used(session.config).update({label} - {None})\n"
    folder = written(tmp_path, conftest=tells, test_plain=PLAIN)
    ran = run_pytest(folder, *PLUGIN, *XDIST)
    told = [line for line in ran.out.splitlines() if line.startswith("telemetry postgres: ")]
    assert told == ["telemetry postgres: gw0", "telemetry postgres: gw1"]


def _once_written(file: Path, run: "subprocess.Popen[bytes]") -> str:
    while not file.exists():
        assert run.poll() is None, run.communicate()[0].decode()
        time.sleep(0.05)
    return file.read_text()


def _expect_gone(pid: int) -> None:
    deadline = time.monotonic() + GONE_WITHIN_S
    while is_running(pid):
        assert time.monotonic() < deadline, f"the sink, process {pid}, outlived its run"
        time.sleep(0.05)


def test_every_run_of_ours_has_the_plugin(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.has_plugin("vox_telemetry")
    assert "PYTEST_DISABLE_PLUGIN_AUTOLOAD" not in os.environ
