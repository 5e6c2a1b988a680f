import pytest

from vox_telemetry_spec.guards.errors import GuardError
from vox_telemetry_spec.guards.schemas import json_of, meta_schema_error, schema_error

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def test_json_is_read_or_refused_with_its_path() -> None:
    assert json_of(b'{"a":1}', "a.json") == {"a": 1}
    with pytest.raises(GuardError, match=r"^a\.json is no valid JSON: "):
        json_of(b"{", "a.json")


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": DRAFT, "type": "thing"},
        {"$schema": DRAFT, "minimum": "1"},
        {"$schema": DRAFT, "pattern": "["},
        {"$schema": DRAFT, "$ref": "https://elsewhere.example/x"},
        {"$schema": DRAFT, "$ref": "#/$defs/none"},
        {"$schema": "https://elsewhere.example/meta"},
        [],
        1,
    ],
    ids=str,
)
def test_what_is_no_schema_is_found(schema: object) -> None:
    assert meta_schema_error(schema)


def test_a_schema_is_no_finding() -> None:
    assert meta_schema_error({"$schema": DRAFT, "type": "object"}) is None


def test_a_document_is_judged_at_its_place() -> None:
    schema = {"properties": {"a": {"items": {"type": "integer"}}}}
    assert schema_error(schema, {"a": [1, 2]}) is None
    assert schema_error(schema, {"a": [1, "x"]}) == 'at /a/1: "x" is not of type "integer"'
