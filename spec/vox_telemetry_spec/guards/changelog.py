"""Guard: what changes what may leave a machine is told in the changelog, under **Telemetry**."""

import re
from collections.abc import Iterator
from typing import NamedTuple

# Contracts, and the code that decides what is sent, to whom, and what is believed of an answer. A
# file that is new is watched until somebody finds that it decides nothing of the kind.
WATCHED = (
    "spec/telemetry-remote-sink-spec.md",
    "spec/vox_telemetry_spec/",
    "client/vox_telemetry_client/",
    "sink/vox_telemetry_sink/enforce.py",
    "sink/vox_telemetry_sink/verify.py",
)
UNWATCHED = (
    # lists of commands; a command that sends something changes a watched file too
    "spec/vox_telemetry_spec/contracts/cli/",
    "spec/vox_telemetry_spec/contracts/operations/",
    *(
        f"spec/vox_telemetry_spec/{name}"
        for name in (
            "data.py", "errors.py", "guards/", "py.typed", "research_metrics.py",
            "research_trial.py", "strict_yaml.py", "uuid7.py", "vectors/",
        )
    ),
    # the spool as a store, the record, and what is shown
    *(
        f"client/vox_telemetry_client/{name}.py"
        for name in (
            "errors", "files", "folder", "journal", "journal_lines", "lock", "overview", "report",
            "review", "settle", "spool", "state", "cli/check", "cli/options", "cli/output",
            "cli/progress", "cli/review", "cli/status",
        )
    ),
)  # fmt: skip
_SECTION = re.compile(r"^## \[([^\]]+)\]", re.MULTILINE)
_TELEMETRY = re.compile(r"^### Telemetry\n(.*?)(?=^#{1,3} |\Z)", re.MULTILINE | re.DOTALL)
_BULLET = re.compile(r"^- (.*?)(?=^-|^\s*$|\Z)", re.MULTILINE | re.DOTALL)
_SHOWN_MAX_COUNT = 3


class Changes(NamedTuple):
    """What a checkout has that revision `base` had not: paths, and the changelog of then."""

    base: str
    paths: list[str]
    changelog_then: str


def changelog(changes: Changes, changelog_now: str) -> Iterator[str]:
    """Yield a finding where watched files changed and no bullet tells of it.

    The bullet is new since `base` and stands in `[Unreleased]`, or in a version cut since then.
    """
    watched = sorted(path for path in changes.paths if _is_watched(path))
    if not watched or _bullets(changelog_now, changes.changelog_then) - _bullets(
        changes.changelog_then, ""
    ):
        return
    more = len(watched) - _SHOWN_MAX_COUNT
    yield (
        f"{', '.join(watched[:_SHOWN_MAX_COUNT])}{f' and {more} more' if more > 0 else ''} changed "
        f"since {changes.base} without a new bullet under Telemetry in [Unreleased] of CHANGELOG.md"
    )


def _is_watched(path: str) -> bool:
    return path.startswith(WATCHED) and not path.startswith(UNWATCHED)


def _bullets(text: str, then: str) -> set[str]:
    """Return the Telemetry bullets of the sections that `then` has not, and of [Unreleased]."""
    old = set(_SECTION.findall(then)) - {"Unreleased"}
    parts = _SECTION.split(text)[1:]
    return {
        " ".join(bullet.split())
        for name, body in zip(parts[::2], parts[1::2], strict=True)
        if name not in old
        for section in _TELEMETRY.findall(body)
        for bullet in _BULLET.findall(section)
        if bullet.strip()
    }
