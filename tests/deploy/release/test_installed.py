"""The built wheel, installed by uv into clean environments, with an empty home folder.

What is installed comes from the lock: its packages, as wheels, without a network.
"""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import NamedTuple

import pytest

from support.checkouts import ROOT
from support.cli import Ran
from support.events import LANE_EVENTS
from support.wheelhouse import offline
from vox_telemetry_client.errors import EXIT_DONE

UV = Path(sys.executable).parent / "uv"
SINK_ONLY = {"asyncpg", "litestar", "uvicorn", "structlog", "httptools", "prometheus-client"}


class Installed(NamedTuple):
    """Programs in a folder of their own, and the Python that runs them."""

    programs: Path
    python: Path
    home: Path

    def run(self, program: str, *args: str | Path) -> Ran:
        command = [self.programs / program, *args]
        # Nothing of the machine's or the checkout's: not its PATH, not what coverage needs.
        env = {"HOME": str(self.home), "PATH": "/nowhere", "LANG": "C.UTF-8"}
        done = subprocess.run(
            command, env=env, cwd=self.home, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)

    def python_says(self, code: str) -> str:
        done = subprocess.run(
            [self.python, "-I", "-c", code],
            cwd=self.home,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def packages(self) -> set[str]:
        code = "from importlib.metadata import distributions as d; print(*{o.name for o in d()})"
        return {re.sub(r"[-_.]+", "-", one).lower() for one in self.python_says(code).split()}


def install(wheel: Path, extra: str, wheelhouse: Path, at: Path) -> Installed:
    home = at / "home"
    home.mkdir()
    places = {"HOME": home, "UV_TOOL_DIR": at / "tools", "UV_TOOL_BIN_DIR": at / "bin"}
    # Beside what is installed, so that files are linked and not copied.
    places["UV_CACHE_DIR"] = wheelhouse / "cache"
    wanted = f"vox-telemetry{extra} @ {wheel.as_uri()}"
    done = subprocess.run(
        [UV, "tool", "install", "--quiet", wanted],
        env=os.environ | offline(wheelhouse) | {name: str(path) for name, path in places.items()},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Installed(at / "bin", at / "tools" / "vox-telemetry" / "bin" / "python", home)


@pytest.fixture(scope="module")
def client(
    wheel: Path, wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installed]:
    return install(wheel, "", wheelhouse, tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="module")
def sink(
    wheel: Path, wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installed]:
    return install(wheel, "[sink]", wheelhouse, tmp_path_factory.mktemp("sink"))


def test_an_installed_client_tells_its_version_and_status(client: Installed, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [one for one in archive.namelist() if one.endswith(".dist-info/METADATA")]
        version = message_from_bytes(archive.read(name))["Version"]
    said = client.run("vox-telemetry", "--version")
    assert (said.code, version in said.out, said.err) == (EXIT_DONE, True, "")
    status = client.run("vox-telemetry", "status")
    assert (status.code, status.err) == (EXIT_DONE, "")


def test_an_installed_client_enqueues_a_file(client: Installed) -> None:
    done = client.run("vox-telemetry", "enqueue", LANE_EVENTS)
    assert (done.code, done.err) == (EXIT_DONE, "")
    [batch] = (client.home / ".vox/telemetry-upload-queue/pending").glob("*.json")
    assert b'"benchmark_event"' in batch.read_bytes()


def test_an_installed_client_has_nothing_of_a_server(client: Installed) -> None:
    assert not SINK_ONLY & client.packages()
    loaded = client.python_says(
        "import sys, vox_telemetry_client, vox_telemetry_client.cli.app;"
        "print([one for one in sys.modules if one.startswith('vox_telemetry_sink')])"
    )
    assert loaded == "[]"


def test_a_client_without_the_extra_says_how_to_get_the_sink(client: Installed) -> None:
    said = client.run("vox-telemetry-sink", "serve")
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        "vox-telemetry-sink: the server's parts are not installed: "
        "pip install 'vox-telemetry[sink]'\n"
    )


def test_an_installed_sink_helps(sink: Installed) -> None:
    said = sink.run("vox-telemetry-sink", "--help")
    assert (said.code, said.err) == (EXIT_DONE, "")
    assert "serve" in said.out
    assert sink.packages() >= SINK_ONLY


def test_an_installed_sink_asks_for_a_database(sink: Installed) -> None:
    said = sink.run("vox-telemetry-sink", "serve")
    assert said.code == 1
    assert "VOX_SINK_DATABASE_URL" in said.err
    assert "vox-telemetry[embedded]" in said.err
    assert "Traceback" not in said.err


def test_an_installed_sink_without_parquet_says_how_to_get_it(sink: Installed) -> None:
    said = sink.python_says(
        "from vox_telemetry_sink.errors import SinkError\n"
        "try: import vox_telemetry_sink.export_parquet\n"
        "except SinkError as exc: print(exc)"
    )
    assert "pip install 'vox-telemetry[parquet]'" in said


def test_what_is_installed_is_in_the_tables_of_licences(client: Installed, sink: Installed) -> None:
    page = (ROOT / "docs" / "reference" / "licences.md").read_text(encoding="utf-8")
    begin, for_sink, end = (page.index(f"## `{one}") for one in ("pip", "[sink]", "[embedded]"))
    listed = {name: set(re.findall(r"^\| ([a-z0-9-]+) \| \d", page[begin:to], re.MULTILINE))
              for name, to in (("client", for_sink), ("sink", end))}  # fmt: skip
    assert client.packages() <= {"vox-telemetry", *listed["client"]}
    assert sink.packages() <= {"vox-telemetry", *listed["sink"]}
    assert client.packages() < sink.packages()
