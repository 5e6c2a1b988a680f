import re

import pytest

from vox_telemetry_client import errors
from vox_telemetry_client.errors import TelemetryError


def _all(kind: type[TelemetryError]) -> list[type[TelemetryError]]:
    below = [one for direct in kind.__subclasses__() for one in _all(direct)]
    return [kind, *(one for one in below if one.__module__ == errors.__name__)]


def test_the_tree_in_the_docstring_is_the_tree_with_its_exit_codes() -> None:
    assert errors.__doc__ is not None
    drawn = dict(re.findall(r"(\w+Error) \((\d+)\)", errors.__doc__))
    assert drawn == {kind.__name__: str(kind.exit_code) for kind in _all(TelemetryError)}


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("SpoolFullError", "SpoolError"),
        ("SpoolBusyError", "SpoolError"),
        ("StoreForeignError", "StoreError"),
        ("SwitchedOffError", "NotConfiguredError"),
        ("CredentialError", "NotConfiguredError"),
    ],
)
def test_one_except_clause_catches_a_family(child: str, parent: str) -> None:
    assert issubclass(getattr(errors, child), getattr(errors, parent))


def test_every_kind_is_its_own_word() -> None:
    kinds = [kind.kind for kind in _all(TelemetryError)]
    assert len(set(kinds)) == len(kinds)
