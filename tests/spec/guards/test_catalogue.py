import pytest
import yaml

from support.checkouts import added, edited
from support.described import (
    CATALOGUE,
    KEYS_LIST,
    KEYS_SHOW,
    REGISTRY,
    SEND,
    TWO,
    agreeing,
    described,
)
from vox_telemetry_spec.guards.catalogue import catalogue, generated_catalogue, read_catalogue
from vox_telemetry_spec.guards.errors import GuardError


def test_commands_with_their_rows_are_no_finding() -> None:
    assert list(catalogue(agreeing(), TWO)) == []


def test_a_command_without_a_row_is_found() -> None:
    assert list(catalogue(agreeing(), described(SEND, KEYS_LIST, KEYS_SHOW))) == [
        "'vox-telemetry keys show' has no row in the catalogue: run make docs, then declare it"
    ]


def test_a_row_without_a_command_is_found() -> None:
    assert list(catalogue(agreeing(), described(SEND))) == [
        "the catalogue has 'vox-telemetry keys list', which is no command: run make docs"
    ]


@pytest.mark.parametrize(
    "declared", ["side_effect_class: network-upload", "reversible: false", "product_lane: platform"]
)
def test_what_nobody_declared_is_found(declared: str) -> None:
    broken = edited(CATALOGUE, declared, f"{declared.split(':', maxsplit=1)[0]}: null", agreeing())
    assert list(catalogue(broken, TWO)) == [
        "'vox-telemetry send' lacks a declared side effect, lane or reversibility"
    ]


def test_writing_keeps_what_was_declared_and_takes_the_rest_from_the_programs() -> None:
    files = generated_catalogue(agreeing(), described(SEND, KEYS_SHOW))
    send, show = yaml.safe_load(files[CATALOGUE])["operations"]
    assert send == {
        "id": "telemetry.send",
        "title": "Send",
        "description": "Send it all.",
        "product_lane": "platform",
        "side_effect_class": "network-upload",
        "reversible": False,
        "cli": {"surface": "vox-telemetry", "path": ["send"], "status": "active"},
    }
    assert show["title"] == "Keys show"
    assert show["description"] == "Show a key."
    assert (show["product_lane"], show["side_effect_class"], show["reversible"]) == (None,) * 3


def test_a_status_that_was_declared_is_kept() -> None:
    old = edited(CATALOGUE, "status: active", "status: deprecated", agreeing())
    files = generated_catalogue(old, TWO)
    statuses = [row["cli"]["status"] for row in yaml.safe_load(files[CATALOGUE])["operations"]]
    assert statuses == ["deprecated", "active"]
    assert yaml.safe_load(files[REGISTRY])["commands"][0]["status"] == "deprecated"


def test_the_registry_has_a_row_for_each_command_with_its_effect() -> None:
    commands = yaml.safe_load(generated_catalogue(agreeing(), TWO)[REGISTRY])["commands"]
    assert commands[0] == {
        "surface": "vox-telemetry",
        "path": "send",
        "status": "active",
        "product_lane": "platform",
        "side_effect_class": "network-upload",
        "arguments": ["FILE..."],
        "options": ["--json"],
    }
    assert commands[1]["path"] == "keys list"


@pytest.mark.parametrize("text", ["", "operations: 1", "a: [", "schema_version: 1"])
def test_a_catalogue_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(GuardError, match=r"catalog\.v1\.yaml is no catalogue: "):
        read_catalogue(added(CATALOGUE, text))
