"""Where the open texts of a contract lie, and which contracts are not answered for."""

from typing import Any

import pytest

from vox_telemetry_spec.open_texts import (
    TIME_PATTERN,
    Column,
    Items,
    Members,
    Named,
    NotPlannedError,
    Open,
    Plan,
    Proven,
    plan,
    without_open_patterns,
)

TOKEN = "^[a-z]{1,8}$"
STRING = {"type": "string", "pattern": TOKEN}


def planned(schema: dict[str, Any]) -> Plan:
    return plan(schema, lambda text: text != "refused")


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def test_only_what_the_sender_chooses_is_open() -> None:
    schema = closed(
        kind={"const": "a"},
        unit={"enum": ["s", "ms", None]},
        at={"type": "string", "pattern": TIME_PATTERN},
        value={"type": ["number", "null"]},
        name=STRING,
        tag={"$ref": "#/$defs/token"},
        lanes={"type": "array", "items": STRING},
        either={"anyOf": [{"type": "number"}, {"enum": ["x"]}]},
        details={
            "type": "object",
            "propertyNames": {"pattern": TOKEN},
            "additionalProperties": {"anyOf": [{"type": ["number", "boolean"]}, STRING]},
        },
    ) | {"$defs": {"token": STRING}}
    assert planned(schema) == Members(
        {
            "name": Open(TOKEN, or_other=False),
            "tag": Open(TOKEN, or_other=False),
            "lanes": Items(Open(TOKEN, or_other=False)),
            "details": Named(TOKEN, Open(TOKEN, or_other=True)),
        }
    )


def test_open_texts_come_by_column() -> None:
    tree = planned(
        closed(
            name=STRING,
            lanes={"type": "array", "items": {"type": ["string", "null"]}},
            details={
                "type": "object",
                "propertyNames": {"pattern": TOKEN},
                "additionalProperties": {"anyOf": [{"type": "number"}, STRING]},
            },
        )
    )
    columns: list[Column] = []
    tree.collect(
        [
            {"name": "a", "lanes": ["x", None], "details": {"k": 1, "l": "v"}},
            {"name": "b", "details": {"k": "w"}},
        ],
        columns,
    )
    assert columns == [
        Column({"a", "b"}, TOKEN, are_names=False),
        Column({"x"}, "", are_names=False),
        Column({"k", "l"}, TOKEN, are_names=True),
        Column({"v", "w"}, TOKEN, are_names=False),
    ]


def test_what_is_proven_has_no_columns() -> None:
    columns: list[Column] = []
    Proven().collect([1, 2], columns)
    assert columns == []


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(closed(refused=STRING), id="a declared name that is refused"),
        pytest.param(closed(kind={"const": "refused"}), id="a constant that is refused"),
        pytest.param(closed(kind={"enum": ["a", "refused"]}), id="a choice that is refused"),
        pytest.param({"type": "object", "properties": {}}, id="an open object"),
        pytest.param(
            {"type": "object", "additionalProperties": STRING}, id="names without pattern"
        ),
        pytest.param({"anyOf": [STRING, {"type": "string"}]}, id="two kinds of strings"),
        pytest.param({"anyOf": [STRING, closed()]}, id="a string beside an object"),
        pytest.param({"$ref": "https://example.org/else"}, id="a reference elsewhere"),
        pytest.param({}, id="anything"),
        pytest.param({"type": ["array", "string"]}, id="an array or a string"),
    ],
)
def test_what_cannot_be_read_is_not_answered_for(schema: dict[str, Any]) -> None:
    with pytest.raises(NotPlannedError):
        planned(schema)


def test_only_the_patterns_that_columns_carry_are_left_out() -> None:
    details = {
        "type": "object",
        "propertyNames": {"pattern": TOKEN},
        "additionalProperties": STRING,
    }
    time = {"type": "string", "pattern": TIME_PATTERN}
    schema = closed(name=STRING | {"maxLength": 3}, at=time, details=details) | {"required": ["at"]}
    assert without_open_patterns(schema) == closed(
        name={"type": "string", "maxLength": 3},
        at=time,
        details={"type": "object", "additionalProperties": {"type": "string"}},
    ) | {"required": ["at"]}
