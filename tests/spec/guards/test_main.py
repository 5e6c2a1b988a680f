"""The command as CI runs it, in a copy of this checkout that is broken on purpose."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.checkouts import INDEX, ROOT
from support.cli import Ran
from vox_telemetry_spec.guards.__main__ import main

FOLDERS = ("client", "deploy", "docs", "sink", "spec", "tests")


def git(root: Path, *args: str) -> None:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    subprocess.run(["git", "-C", str(root), *identity, *args], check=True, capture_output=True)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what the guards read into a repository of its own, and let it agree with itself."""
    root = tmp_path_factory.mktemp("guards") / "checkout"
    root.mkdir()
    for name in FOLDERS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.glob("*.md"):
        shutil.copy(path, root)
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Start")
    guards(root, "command-compliance", "--write")
    guards(root, "data-ssot-guards", "--write")
    return root


@pytest.fixture
def checkout(pristine: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "checkout"
    shutil.copytree(pristine, copy)
    yield copy
    shutil.rmtree(copy)


def guards(root: Path, *args: str) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "vox_telemetry_spec.guards", *args],
        cwd=root / "docs",
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_checkout_that_agrees_is_ok(checkout: Path) -> None:
    assert guards(checkout, "data-ssot-guards") == Ran(0, "data-ssot-guards: OK\n", "")
    assert guards(checkout, "command-compliance") == Ran(0, "command-compliance: OK\n", "")


def test_a_finding_is_a_line_and_exit_1(checkout: Path) -> None:
    edit(checkout / INDEX, "metric_type: benchmark_event", "metric_type: benchmark_events")
    ran = guards(checkout, "data-ssot-guards")
    assert (ran.code, ran.err) == (1, "")
    lines = ran.out.splitlines()
    assert (
        "data-ssot-guards: metric type 'benchmark_events' is registered and not in docs/taxonomy.md"
    ) in lines
    assert all(line.startswith("data-ssot-guards: ") for line in lines)


def test_a_contract_that_changes_needs_a_bullet(checkout: Path) -> None:
    edit(checkout / INDEX, "the envelope of one upload", "the envelope")
    assert guards(checkout, "data-ssot-guards", "--write").code == 1
    ran = guards(checkout, "data-ssot-guards", "--base", "HEAD")
    assert "without a new bullet under Telemetry in [Unreleased]" in ran.out
    edit(checkout / "CHANGELOG.md", "### Telemetry\n\n", "### Telemetry\n\n- Less is said.\n")
    assert guards(checkout, "data-ssot-guards", "--base", "HEAD").code == 0


def test_a_registry_that_was_changed_by_hand_is_found_and_written_again(checkout: Path) -> None:
    registry = checkout / "spec/vox_telemetry_spec/contracts/cli/command-registry.yaml"
    before = registry.read_text(encoding="utf-8")
    edit(registry, "- --dry-run", "- --wet-run")
    assert guards(checkout, "command-compliance") == Ran(
        1,
        "command-compliance: spec/vox_telemetry_spec/contracts/cli/command-registry.yaml differs "
        "from the programs: run make docs\n",
        "",
    )
    assert guards(checkout, "command-compliance", "--write").code == 0
    assert registry.read_text(encoding="utf-8") == before


def test_a_row_that_is_gone_is_written_and_must_be_declared(checkout: Path) -> None:
    catalogue = checkout / "spec/vox_telemetry_spec/contracts/operations/catalog.v1.yaml"
    catalogue.write_text("schema_version: 1\noperations: []\n", encoding="utf-8")
    ran = guards(checkout, "command-compliance", "--write")
    assert ran.code == 1
    assert "'vox-telemetry upload' lacks a declared side effect" in ran.out


def test_a_folder_that_is_no_checkout_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["command-compliance", "--root", str(tmp_path)]) == 1
    assert "expected a checkout: give --root" in capsys.readouterr().out


def test_usage_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["something"])
    assert "invalid choice" in capsys.readouterr().err
