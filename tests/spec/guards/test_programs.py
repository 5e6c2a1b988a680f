"""The guards' door: a real git repository, and scripts that stand where the real one stands."""

import subprocess
from pathlib import Path

import pytest

from support.checkouts import ROOT
from vox_telemetry_spec.guards.errors import GuardError
from vox_telemetry_spec.guards.programs import DESCRIBE, changes_since, describe_programs


def git(root: Path, *args: str) -> None:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    subprocess.run(["git", "-C", str(root), *identity, *args], check=True, capture_output=True)


def commit(root: Path, path: str, text: str) -> None:
    (root / path).write_text(text, encoding="utf-8")
    git(root, "add", path)
    git(root, "commit", "-qm", f"Change {path}")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, "first", "1")
    commit(tmp_path, "CHANGELOG.md", "# Changelog\n")
    return tmp_path


def test_without_a_tag_everything_since_the_first_commit_counts(repository: Path) -> None:
    (repository / "new file").write_text("", encoding="utf-8")
    (repository / "first").write_text("2", encoding="utf-8")
    changes = changes_since(repository, None)
    assert sorted(changes.paths) == ["CHANGELOG.md", "first", "new file"]
    assert changes.changelog_then == ""
    assert len(changes.base) == 12


def test_with_a_tag_everything_since_the_last_one_counts(repository: Path) -> None:
    git(repository, "tag", "v0.1.0")
    commit(repository, "second", "1")
    changes = changes_since(repository, None)
    assert changes.paths == ["second"]
    assert changes.changelog_then == "# Changelog"


def test_with_a_base_everything_since_the_branch_left_it_counts(repository: Path) -> None:
    git(repository, "checkout", "-qb", "work")
    commit(repository, "mine", "1")
    git(repository, "checkout", "-q", "main")
    commit(repository, "theirs", "1")
    git(repository, "checkout", "-q", "work")
    assert changes_since(repository, "main").paths == ["mine"]


def test_both_names_of_a_file_that_moved_count(repository: Path) -> None:
    git(repository, "tag", "v0.1.0")
    git(repository, "mv", "first", "moved")
    assert sorted(changes_since(repository, None).paths) == ["first", "moved"]


def test_no_repository_and_no_such_revision_are_named(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(GuardError, match=r"^git failed, it said: .*none"):
        changes_since(repository, "none")
    with pytest.raises(GuardError, match=r"^git cannot be run: "):
        changes_since(tmp_path / "nowhere", None)


def test_the_programs_describe_themselves() -> None:
    description = describe_programs(ROOT)
    by_surface = {program.surface: program for program in description.programs}
    assert list(by_surface) == ["vox-telemetry", "vox-telemetry-sink"]
    upload = by_surface["vox-telemetry"].command(["upload"])
    assert upload is not None
    assert "--dry-run" in {option.name for option in upload.options}
    assert by_surface["vox-telemetry-sink"].command(["keys", "add"]) is not None
    assert by_surface["vox-telemetry"].exit_codes["not configured"] == 3
    assert description.openapi["openapi"].startswith("3.")
    assert "/v1/batches" in description.openapi["paths"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("raise SystemExit('no')", r"^python\S* failed, it said: no$"),
        ("print('{}')", "printed no description of the programs: "),
        ("print('hello')", "printed no description of the programs: "),
    ],
)
def test_a_description_that_is_none_is_refused(tmp_path: Path, script: str, message: str) -> None:
    (tmp_path / DESCRIBE).parent.mkdir()
    (tmp_path / DESCRIBE).write_text(script, encoding="utf-8")
    with pytest.raises(GuardError, match=message):
        describe_programs(tmp_path)
