"""What one check found. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """How it stands; `--json` prints these words."""

    OK = "ok"
    WARN = "warn"  # an upload works, and a person should look
    FAIL = "fail"  # off, or broken: an upload does not work
    SKIP = "skip"  # not looked at; `found` says why


class Seen(NamedTuple):
    """What a check saw; without `advice`, that of the check's row in `rounds` is given."""

    state: State
    found: str
    advice: str = ""


@dataclass(frozen=True)
class Finding:
    """One line: the check's id, which never changes, what was found, and what to do about it."""

    id: str
    state: State
    found: str
    advice: str


def ok(found: str) -> Seen:
    """Say that all is well."""
    return Seen(State.OK, found)


def warn(found: str, advice: str = "") -> Seen:
    """Say that a person should look."""
    return Seen(State.WARN, found, advice)


def fail(found: str, advice: str = "") -> Seen:
    """Say that an upload does not work."""
    return Seen(State.FAIL, found, advice)


def skip(reason: str) -> Seen:
    """Say why this was not looked at."""
    return Seen(State.SKIP, reason)
