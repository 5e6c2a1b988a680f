from vox_telemetry_spec import errors
from vox_telemetry_spec.errors import ContractRefusedError, JsonRefusedError, SpecError
from vox_telemetry_spec.violations import Violation


def test_every_error_is_in_the_tree_of_the_docstring() -> None:
    declared = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, SpecError)
    }
    drawn = {word for word in (errors.__doc__ or "").split() if word.endswith("Error")}
    assert declared == drawn


def test_a_contract_error_says_where_and_how_many() -> None:
    first, second = (
        Violation(4, "/metadata/name", "contract.pattern"),
        Violation(5, "", "contract.type"),
    )
    assert str(ContractRefusedError([first, second])) == (
        "2 violation(s), first in event 4 at /metadata/name: contract.pattern"
    )
    assert str(ContractRefusedError([Violation(None, "", "contract.type")])) == (
        "1 violation(s), first in the batch at the top: contract.type"
    )


def test_a_json_error_says_which_rule_where() -> None:
    assert str(JsonRefusedError("json.depth", "/a", "nested")) == "json.depth at /a: nested"
    assert str(JsonRefusedError("json.syntax", "", "bad")) == "json.syntax at the top: bad"
