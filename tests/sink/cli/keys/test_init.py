import pytest

from support.cli import run_cli


@pytest.mark.parametrize("verb", ["add", "list", "show", "revoke", "rotate", "invite"])
def test_each_verb_has_json_and_an_example_in_its_help(verb: str) -> None:
    ran = run_cli("vox-telemetry-sink", "keys", verb, "--help")
    assert ran.code == 0
    assert f"Example: vox-telemetry-sink keys {verb}" in ran.out
    assert "--json" in ran.out
