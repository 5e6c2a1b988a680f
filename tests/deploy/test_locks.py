"""The lock files beside each other: deploy/requirements.lock, -sink.lock and -build.lock."""

import re
import tomllib

import pytest

from support.checkouts import ROOT

_PIN = re.compile(r"^([a-z0-9.-]+)==(\S+)((?: ;[^\\]*)?) \\$", re.MULTILINE)
LOCKS = ["requirements.lock", "requirements-sink.lock", "requirements-build.lock"]


def pins(name: str) -> dict[str, str]:
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    return {package: version for package, version, _ in _PIN.findall(text)}


@pytest.mark.parametrize("name", LOCKS)
def test_everything_is_pinned_by_hash(name: str) -> None:
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) == len(pins(name)) > 0
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("name", LOCKS[1:])
def test_the_image_gets_the_versions_that_are_tested(name: str) -> None:
    assert pins(name).items() <= pins(LOCKS[0]).items()


def test_what_the_build_system_asks_for_is_what_the_image_is_built_with() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["dependency-groups"]["build"] == project["build-system"]["requires"]
    assert "hatchling" in pins("requirements-build.lock")
