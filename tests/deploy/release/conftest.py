"""Scripts of deploy/release, the wheel of this working tree, and what it needs as wheels."""

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from support.checkouts import ROOT
from support.wheelhouse import pack


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Import a script of deploy/release by its name."""
    monkeypatch.syspath_prepend(str(ROOT / "deploy" / "release"))
    return importlib.import_module


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pack what the sink's lock names, which is more than the client needs."""
    folder = tmp_path_factory.mktemp("wheelhouse")
    lock = (ROOT / "deploy" / "requirements-sink.lock").read_text(encoding="utf-8")
    pack([line.partition("==")[0] for line in lock.splitlines() if "==" in line[:60]], folder)
    return folder


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of the working tree as it lies there, committed or not."""
    out = tmp_path_factory.mktemp("built")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [built] = out.glob("*.whl")
    return built
