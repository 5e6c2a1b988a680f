"""docs/reference/help.md holds what the installed programs print; the guard compares all of it."""

import re

import pytest

from support.checkouts import REAL, ROOT, edited
from support.cli import run_cli
from vox_telemetry_spec.guards import command_compliance
from vox_telemetry_spec.guards.cli_page import HELP
from vox_telemetry_spec.guards.programs import describe_programs

SHOWN = dict(
    re.findall(
        r"^### ([a-z -]+) --help\n\n```text\n(.+?)\n```$",
        (ROOT / HELP).read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
)


@pytest.mark.parametrize(
    "words",
    ["vox-telemetry", "vox-telemetry consent", "vox-telemetry enqueue", "vox-telemetry-sink serve"],
)
def test_the_page_shows_what_the_installed_program_prints(words: str) -> None:
    program, *path = words.split()
    env = {"COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1"}
    printed = run_cli(program, *path, "--help", env=env).out
    assert "\n".join(map(str.rstrip, printed.splitlines())).strip("\n") == SHOWN[words]


def test_the_page_has_every_command_and_every_change_of_a_help_is_found() -> None:
    programs = describe_programs(ROOT)
    assert {f"{surface} {' '.join(one.path)}" for surface, one in programs.all_commands()} <= set(
        SHOWN
    )
    broken = edited(HELP, "Sign and send what is pending", "Sign and send", REAL)
    assert command_compliance.findings(broken, programs) == [
        f"{HELP} differs from the programs: run make docs"
    ]
