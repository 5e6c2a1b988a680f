import json
from typing import Any

import pytest

from support.checkouts import CONTRACTS, REAL, added, edited
from vox_telemetry_spec.guards.closed import closed_contracts, pattern_max_chars

PATH = f"{CONTRACTS}/telemetry/usage-event-x.v1.schema.json"
NAME = "telemetry/usage-event-x.v1.schema.json"
TOKEN = {"type": "string", "pattern": "^[a-z]{1,8}$"}


def judged(schema: Any) -> list[str]:
    found = closed_contracts(added(PATH, json.dumps(schema)))
    return [one for one in found if one.startswith(NAME)]


def of_member(member: Any, **more: Any) -> dict[str, Any]:
    closed = {"type": "object", "additionalProperties": False}
    return {**closed, "properties": {"a": member}, **more}


def test_this_checkouts_contracts_are_closed() -> None:
    assert list(closed_contracts(REAL)) == []


@pytest.mark.parametrize(
    "member",
    [
        TOKEN,
        {"$ref": "#/$defs/token"},
        {"enum": ["a", "b"]},
        {"const": "a"},
        {"type": ["number", "null"]},
        {"anyOf": [{"type": "boolean"}, TOKEN]},
        {"type": "array", "maxItems": 3, "items": TOKEN},
        {
            "type": "object",
            "maxProperties": 32,
            "propertyNames": {"pattern": "^[a-z]{1,8}$"},
            "additionalProperties": TOKEN,
        },
    ],
)
def test_what_names_all_that_it_admits_is_closed(member: dict[str, Any]) -> None:
    assert judged(of_member(member, **{"$defs": {"token": TOKEN}})) == []


@pytest.mark.parametrize(
    ("member", "why"),
    [
        ({}, "no type, so anything is admitted"),
        (True, "got no object, expected a schema"),
        ({"type": "string"}, "a string without a plainly bounded pattern"),
        ({"type": "string", "maxLength": 9}, "keyword 'maxLength' is not one"),
        ({"type": "string", "pattern": "[a-z]{1,8}"}, "a string without a plainly bounded"),
        ({"type": "string", "pattern": "^[a-z]+$"}, "a string without a plainly bounded"),
        ({"type": "string", "pattern": "^[^/]{1,8}$"}, "a string without a plainly bounded"),
        ({"type": "string", "pattern": "^[a-z ]{1,8}$"}, "a string that admits free text"),
        ({"type": "string", "pattern": "^[a-z]{1,8}[/]$"}, "a string that admits free text"),
        ({"type": "string", "pattern": "^[!-~]{1,8}$"}, "a string that admits free text"),
        ({"type": "string", "pattern": "^[a-z]{1,161}$"}, "a string of up to 161 characters"),
        ({"type": ["null", "string"]}, "a string without a plainly bounded"),
        ({"$ref": "other.json"}, "a $ref leaves the file"),
        ({"anyOf": [{"type": "null"}, {}]}, "no type, so anything is admitted"),
        ({"type": "array", "items": TOKEN}, "an array without maxItems"),
        ({"type": "array", "maxItems": 3}, "got no object, expected a schema"),
        ({"type": "object"}, "unknown names are admitted"),
        ({"type": "object", "properties": {}}, "unknown names are admitted"),
        ({"type": "object", "patternProperties": {}}, "keyword 'patternProperties' is not one"),
        (
            {"type": "object", "additionalProperties": TOKEN, "maxProperties": 3},
            "names of open measures: a string without",
        ),
        (
            {"type": "object", "additionalProperties": TOKEN, "propertyNames": TOKEN},
            "open measures without maxProperties up to 32",
        ),
        (
            {
                "type": "object",
                "additionalProperties": TOKEN,
                "propertyNames": TOKEN,
                "maxProperties": 33,
            },
            "open measures without maxProperties up to 32",
        ),
    ],
)
def test_what_would_let_more_through_is_found_at_its_place(member: Any, why: str) -> None:
    assert any(
        one.startswith(f"{NAME} is open at /properties/a") and f": {why}" in one
        for one in judged(of_member(member))
    ), judged(of_member(member))


def test_definitions_are_judged_too() -> None:
    (found,) = judged(of_member(TOKEN, **{"$defs": {"open": {"type": "string"}}}))
    assert found.startswith(f"{NAME} is open at /$defs/open: a string without")


def test_a_real_contract_that_is_opened_is_found() -> None:
    path = f"{CONTRACTS}/telemetry/usage-event-benchmark.v1.schema.json"
    broken = edited(path, '"additionalProperties": false', '"additionalProperties": true')
    (found,) = closed_contracts(broken)
    assert found == (
        "telemetry/usage-event-benchmark.v1.schema.json is open at the top: "
        "unknown names are admitted, expected additionalProperties false"
    )


def test_a_contract_that_is_no_json_is_found() -> None:
    (found,) = closed_contracts(added(PATH, "{"))
    assert "is no valid JSON" in found
    (found,) = closed_contracts(added(PATH, "[]"))
    assert found.startswith(f"{NAME} is open at the top: got no object, expected a schema")


@pytest.mark.parametrize(
    ("pattern", "size"),
    [
        ("^bench:[A-Za-z0-9_.+-]{1,128}$", 134),
        ("^[0-9a-f]{8}-[0-9a-f]$", 10),
        ("^[0-9]{2}(\\.[0-9]{1,9})?Z$", 13),
        ("^\\.?[a-z]$", 2),
        ("^a+$", None),
        ("^a{3,}$", None),
        ("^[a-z]{3,}$", None),
        ("^(a|b)$", None),
        ("^.$", None),
        ("^a$|^.*$", None),
    ],
)
def test_the_most_characters_of_a_pattern(pattern: str, size: int | None) -> None:
    assert pattern_max_chars(pattern) == size
