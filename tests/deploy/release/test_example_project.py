"""docs/examples/integration-tests, as another project has it: with the built wheel, from anywhere."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from support import containers
from support.checkouts import ROOT
from support.cli import Ran
from support.wheelhouse import offline, pack

EXAMPLE = ROOT / "docs" / "examples" / "integration-tests"
UV = Path(sys.executable).parent / "uv"
# What testcontainers needs to know of the engine of this machine.
OF_THE_ENGINE = ("DOCKER_", "TESTCONTAINERS_", "TC_")
HARMLESS = '"details": {"stage": stage},'
FORBIDDEN = '"folder": __import__("os").getcwd()'
UNWANTED = '"where": __import__("os").getcwd().rpartition("/")[2]'
# Each in a test of its own, and both in one run.
IN_THE_FIRST = '"keeps_its_timings" in __import__("os").environ["PYTEST_CURRENT_TEST"]'
CHANGED = f"**({{{FORBIDDEN}}} if {IN_THE_FIRST} else {{{UNWANTED}}})"


class Installed(NamedTuple):
    """A Python with `vox-telemetry[testing]` and nothing else, and an empty home."""

    python: Path
    home: Path

    def pytest(self, project: Path, *args: str) -> Ran:
        env = {name: value for name, value in os.environ.items() if name.startswith(OF_THE_ENGINE)}
        # The embedded Postgres looks for unshare or setpriv.
        env |= {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        done = subprocess.run(
            [self.python, "-m", "pytest", "-p", "no:cacheprovider", *args],
            cwd=project, env=env, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    at = tmp_path_factory.mktemp("example")
    (at / "wheels").mkdir()
    (at / "home").mkdir()
    pack(_needed(), at / "wheels")
    env = os.environ | offline(at / "wheels") | {"UV_CACHE_DIR": str(at / "cache")}
    python = at / "venv" / "bin" / "python"
    wanted = f"vox-telemetry[testing] @ {wheel.as_uri()}"
    for command in (["venv", at / "venv"], ["pip", "install", "--python", python, wanted]):
        done = subprocess.run(
            [UV, *command, "--quiet"], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    return Installed(python, at / "home")


def _needed() -> set[str]:
    """Return what the extra brings along, by the metadata of what is installed here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "deploy" / "release"))
        import licences

        rules = tomllib.loads(licences.RULES.read_text(encoding="utf-8"))
        needed: set[str] = licences.needed("testing", rules)
    return needed


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Copy the example to where nothing of this checkout is."""
    return Path(
        shutil.copytree(EXAMPLE, tmp_path / "kiln", ignore=shutil.ignore_patterns("__pycache__"))
    )


def test_its_tests_pass_from_the_wheel_in_an_empty_home(
    installed: Installed, project: Path
) -> None:
    ran = installed.pytest(project, "--telemetry-postgres=embedded")
    assert ran.code == 0, ran.out + ran.err
    assert "4 passed" in ran.out
    assert "telemetry postgres: embedded" in ran.out.splitlines()
    assert list(installed.home.iterdir()) == []


def test_it_goes_red_when_the_project_would_send_what_it_must_not(
    installed: Installed, project: Path
) -> None:
    containers.need_engine()
    file = project / "src" / "kiln" / "telemetry.py"
    assert HARMLESS in file.read_text()
    file.write_text(file.read_text().replace(HARMLESS, HARMLESS.replace("},", f", {CHANGED}}},")))
    two = "keeps_its_timings or and_nothing_else"
    ran = installed.pytest(project, "--telemetry-postgres=container", "-k", two)
    assert ran.code == 1, ran.out + ran.err
    assert "2 failed" in ran.out
    assert "/metadata/details/folder: " in ran.out
    # What no rule forbids went through the sink into that container: two bodies' places, two rows.
    assert "got the text in 4 places, expected none: body of batch " in ran.out
    assert f"telemetry postgres: container {containers.POSTGRES_IMAGE}" in ran.out.splitlines()


def test_its_page_tells_what_its_files_are() -> None:
    page = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| \[([\w./]+)\]", page, re.MULTILINE))
    files = {path.relative_to(EXAMPLE).as_posix() for path in EXAMPLE.glob("*/**/*.py")}
    assert listed == {file for file in files if not file.endswith("__init__.py")}
    for change in (FORBIDDEN, UNWANTED):
        assert f"`{change.partition(': __import__')[0]}: " in page
