"""The guards' one door to other processes: git, and the script that describes the programs."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from vox_telemetry_spec.guards.changelog import Changes
from vox_telemetry_spec.guards.commands import Description
from vox_telemetry_spec.guards.errors import GuardError

DESCRIBE = "deploy/describe_programs.py"
CHANGELOG = "CHANGELOG.md"
_WITHIN_S = 60


def describe_programs(root: Path) -> Description:
    """Return what the programs of this installation say of themselves.

    Raises:
        GuardError: they cannot be started, or say something else.

    """
    said = _output([sys.executable, str(root / DESCRIBE)], root)
    try:
        return msgspec.json.decode(said, type=Description)
    except msgspec.DecodeError as exc:
        raise GuardError(f"{DESCRIBE} printed no description of the programs: {exc}") from exc


def changes_since(root: Path, base: str | None) -> Changes:
    """Return what changed since `base`, uncommitted and new files too.

    From where the branch left `base`; without one, from the last tag; without a tag, from the
    first commit.

    Raises:
        GuardError: no git repository, or no such revision.

    """
    since = _git(root, "merge-base", base, "HEAD") if base else _last_tag(root)
    listed = _git(root, "diff", "--name-only", "--no-renames", "-z", since, "--")
    untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
    then = _git(root, "ls-tree", "--name-only", since, "--", CHANGELOG)
    return Changes(
        base=since[:12],
        paths=[path for path in (listed + "\0" + untracked).split("\0") if path],
        changelog_then=_git(root, "show", f"{since}:{CHANGELOG}") if then else "",
    )


def _last_tag(root: Path) -> str:
    tags = _git(root, "tag", "--merged", "HEAD", "--sort=-creatordate").split()
    if tags:
        return _git(root, "rev-list", "--max-count=1", tags[0])
    return _git(root, "rev-list", "--max-parents=0", "HEAD").split()[-1]


def _git(root: Path, *args: str) -> str:
    return _output(["git", "-C", str(root), *args], root).decode("utf-8", "replace").strip()


def _output(command: Sequence[str], root: Path) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 -- no shell; the words are ours and a revision
            command, cwd=root, capture_output=True, check=True, timeout=_WITHIN_S
        )
    except subprocess.CalledProcessError as exc:
        said = exc.stderr.decode("utf-8", "replace").strip().splitlines() or ["nothing"]
        raise GuardError(f"{Path(command[0]).name} failed, it said: {said[-1]}") from exc
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise GuardError(f"{Path(command[0]).name} cannot be run: {exc}") from exc
    return done.stdout
