import json
from collections.abc import Callable
from typing import Any

import pytest

from support.cli import run_cli
from support.uploads import new_key
from vox_telemetry_spec.keys import PublicKey

Sink = Callable[..., Any]


def key_with_id(start: str) -> PublicKey:
    """Make keys until the id of one begins so: one in 64 for a character."""
    while not (key := new_key().public).key_id.startswith(start):
        pass
    return key


@pytest.mark.parametrize("start", ["-", "--"])
def test_a_key_id_that_looks_like_an_option_is_taken(sink: Sink, start: str) -> None:
    old, new = key_with_id(start), key_with_id(start)
    assert sink("keys", "add", "-", "--name", "a", input=json.dumps(old.jwk)).code == 0
    assert sink("keys", "show", old.key_id).code == 0
    rotated = sink(
        "keys", "rotate", old.key_id, "-", "--overlap-hours", "1", "--json",
        input=json.dumps(new.jwk),
    )  # fmt: skip
    assert json.loads(rotated.out)["new"]["replaces"] == old.key_id
    revoked = sink("keys", "revoke", old.key_id, "--json")
    assert json.loads(revoked.out)["key_id"] == old.key_id


def test_a_mistyped_option_is_still_a_usage_error() -> None:
    ran = run_cli("vox-telemetry-sink", "keys", "revoke", "a", "--jsn")
    assert (ran.code, ran.out) == (2, "")


@pytest.mark.parametrize("verb", ["add", "list", "show", "revoke", "rotate", "invite"])
def test_each_verb_has_json_and_an_example_in_its_help(verb: str) -> None:
    ran = run_cli("vox-telemetry-sink", "keys", verb, "--help")
    assert ran.code == 0
    assert f"Example: vox-telemetry-sink keys {verb}" in ran.out
    assert "--json" in ran.out
