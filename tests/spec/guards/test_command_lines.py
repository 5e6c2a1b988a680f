import pytest

from support.checkouts import added
from support.described import TWO, agreeing
from vox_telemetry_spec.guards.command_lines import command_lines


def found(text: str, path: str = "README.md") -> list[str]:
    return list(command_lines(added(path, text, agreeing()), TWO))


@pytest.mark.parametrize(
    "text",
    [
        "$ vox-telemetry send events.jsonl --json   # --this is a remark\n",
        "`vox-telemetry keys list`, `vox-telemetry keys`, `vox-telemetry`, `vox-telemetry --version`",
        "`vox-telemetry send --help` and `other --option` and vox-telemetry --nothing",
        "`vox-telemetry send|keys`",
    ],
)
def test_commands_that_exist_are_no_finding(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        ("vox-telemetry sent", "no command begins with 'sent'"),
        ("vox-telemetry keys lists", "'keys' has no command 'lists'"),
        ("vox-telemetry send --jason", "there is no option '--jason'"),
        ("vox-telemetry keys list --url=x", "there is no option '--url=x'"),
        ("vox-telemetry --json", "there is no option '--json'"),
    ],
)
def test_what_does_not_exist_is_found_in_blocks_and_in_text(shown: str, why: str) -> None:
    assert found(f"```console\n$ {shown}\n```\n") == [f"README.md shows '{shown}': {why}"]
    assert found(f"say `{shown}`.", "docs/x.md") == [f"docs/x.md shows '{shown}': {why}"]
