import pytest

from support.checkouts import added, edited
from support.described import (
    CATALOGUE,
    CLI,
    KEYS_LIST,
    KEYS_SHOW,
    OPENAPI,
    REGISTRY,
    SEND,
    TWO,
    agreeing,
    described,
)
from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.command_compliance import findings, generated
from vox_telemetry_spec.guards.commands import Description


def test_a_checkout_that_agrees_has_no_finding_and_nothing_to_write() -> None:
    assert findings(agreeing(), TWO) == []
    assert generated(agreeing(), TWO) == {}


@pytest.mark.parametrize(
    ("broken", "path"),
    [
        (edited(REGISTRY, "path: send", "path: sent", agreeing()), REGISTRY),
        (edited(REGISTRY, "network-upload", "none", agreeing()), REGISTRY),
        (edited(OPENAPI, "3.1.0", "3.0.0", agreeing()), OPENAPI),
        (agreeing().replace(OPENAPI, None), OPENAPI),
        (edited(CLI, "Send it all.", "Send some.", agreeing()), CLI),
        (edited(CLI, "| 2 | usage |", "| 4 | usage |", agreeing()), CLI),
        (edited(CATALOGUE, "Send it all.", "Send some.", agreeing()), CATALOGUE),
    ],
)
def test_a_file_that_differs_is_found(broken: Checkout, path: str) -> None:
    assert findings(broken, TWO) == [f"{path} differs from the programs: run make docs"]
    assert list(generated(broken, TWO)) == [path]


@pytest.mark.parametrize(
    "changed",
    [
        described(SEND, KEYS_LIST, KEYS_SHOW),
        described(SEND),
        described(SEND, KEYS_LIST, help="Another program."),
        Description(TWO.programs, {"openapi": "4"}),
    ],
)
def test_a_program_that_changes_is_found(changed: Description) -> None:
    assert findings(agreeing(), changed) != []


def test_a_document_that_shows_no_command_is_found() -> None:
    shown = added("README.md", "`vox-telemetry nothing`", agreeing())
    assert findings(shown, TWO) == [
        "README.md shows 'vox-telemetry nothing': no command begins with 'nothing'"
    ]


def test_a_page_without_a_place_for_a_program_is_found() -> None:
    assert findings(added(CLI, "# Commands\n", agreeing()), TWO) == [
        f"{CLI} has no place for the generated part 'vox-telemetry'"
    ]


def test_a_catalogue_that_is_damaged_is_one_finding() -> None:
    (found,) = findings(added(CATALOGUE, "a: [", agreeing()), TWO)
    assert f"{CATALOGUE} is no catalogue" in found
