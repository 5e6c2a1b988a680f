"""`make sbom`: what the wheel installs, as CycloneDX, with licences and the graph."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.checkouts import ROOT
from support.wheelhouse import offline

AS_OF_S = 1_767_225_600  # 2026-01-01T00:00:00Z


def write(variant: str, wheel: Path, wheelhouse: Path, to: Path) -> dict[str, Any]:
    command = [sys.executable, "deploy/release/sbom.py", str(wheel), "--out", str(to)]
    command += ["--epoch-s", str(AS_OF_S), "--only", variant]
    # Nothing of ours runs there, so there is no coverage to measure.
    plain = {name: one for name, one in os.environ.items() if not name.startswith("COVERAGE_")}
    environment = plain | offline(wheelhouse) | {"UV_CACHE_DIR": str(wheelhouse / "cache")}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    bill: dict[str, Any] = json.loads((to / f"vox-telemetry-{variant}.cdx.json").read_text())
    return bill


@pytest.fixture(scope="module")
def client(wheel: Path, wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return write("client", wheel, wheelhouse, tmp_path_factory.mktemp("client"))


def test_a_bill_names_the_release_and_what_it_installs(client: dict[str, Any]) -> None:
    assert (client["bomFormat"], client["specVersion"]) == ("CycloneDX", "1.6")
    assert client["metadata"]["timestamp"].startswith("2026-01-01T00:00:00")
    root = client["metadata"]["component"]
    assert (root["name"], root["version"], root["type"]) == (
        "vox-telemetry",
        "0.1.0",
        "application",
    )
    names = {one["name"].lower() for one in client["components"]}
    assert {"httpx", "cryptography", "keyring", "typer"} <= names
    assert not {"litestar", "asyncpg", "pytest", "ruff", "vox-telemetry"} & names


def test_a_bill_gives_version_purl_and_licence_of_each(client: dict[str, Any]) -> None:
    lock = (ROOT / "deploy" / "requirements-sink.lock").read_text(encoding="utf-8")
    for one in client["components"]:
        name = one["name"].lower().replace("_", "-").replace(".", "-")
        assert f"\n{name}=={one['version']} " in f"\n{lock}", name
        purl = one["purl"].replace("_", "-").replace(".", "-")
        assert purl.startswith(f"pkg:pypi/{name}@"), one["purl"]
        assert one["licenses"], name


def test_a_bill_has_the_graph(client: dict[str, Any]) -> None:
    graph = {one["ref"]: set(one.get("dependsOn", ())) for one in client["dependencies"]}
    names = {one["bom-ref"]: one["name"] for one in client["components"]}
    root = client["metadata"]["component"]["bom-ref"]
    assert {"httpx", "cryptography"} <= {names[ref] for ref in graph[root]}
    reached, waiting = set[str](), [root]
    while waiting:
        for ref in graph[waiting.pop()] - reached:
            reached.add(ref)
            waiting.append(ref)
    assert reached == names.keys()


def test_a_bill_is_the_same_each_time_and_names_no_machine(
    client: dict[str, Any], wheel: Path, wheelhouse: Path, tmp_path: Path
) -> None:
    assert write("client", wheel, wheelhouse, tmp_path) == client
    text = json.dumps(client)
    assert "file://" not in text
    assert "/tmp/" not in text


def test_the_sinks_bill_has_the_server(wheel: Path, wheelhouse: Path, tmp_path: Path) -> None:
    names = {one["name"] for one in write("sink", wheel, wheelhouse, tmp_path)["components"]}
    assert {"litestar", "asyncpg", "uvicorn", "httpx"} <= names
