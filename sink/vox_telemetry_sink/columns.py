"""The typed columns of a family: the members of its closed contract's metadata; pure."""

from enum import StrEnum
from typing import Any, NamedTuple

from vox_telemetry_spec.strict_json import JsonValue


class Kind(StrEnum):
    """What a column holds; the value is its type in Postgres."""

    TEXT = "text"
    INTEGER = "bigint"
    NUMBER = "double precision"
    BOOLEAN = "boolean"
    JSON = "jsonb"


class Column(NamedTuple):
    """One column; `is_category` tells few and known values: an enum or a boolean."""

    name: str
    kind: Kind
    is_category: bool

    def value(self, metadata: dict[str, Any]) -> JsonValue:
        """Return what the column holds of an event; an absent member is None."""
        value: JsonValue = metadata.get(self.name)
        # JSON Schema calls 1.0 an integer.
        return int(value) if isinstance(value, float) and self.kind is Kind.INTEGER else value


_KINDS = {
    "string": Kind.TEXT,
    "integer": Kind.INTEGER,
    "number": Kind.NUMBER,
    "boolean": Kind.BOOLEAN,
}


def columns_of(contract: dict[str, Any]) -> list[Column]:
    """Return the columns of a contract, a JSON Schema, in its order."""
    members = contract["properties"]["metadata"]["properties"]
    return [_column(name, _resolved(member, contract)) for name, member in members.items()]


def _column(name: str, member: dict[str, Any]) -> Column:
    values = member.get("enum", [member["const"]] if "const" in member else [])
    kind = _kind_of_values(values) if values else _kind_of_type(member.get("type"))
    return Column(name, kind, "enum" in member or kind is Kind.BOOLEAN)


def _resolved(member: dict[str, Any], contract: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in member:
        member = contract["$defs"][member["$ref"].removeprefix("#/$defs/")]
    return member


def _kind_of_type(declared: str | list[str] | None) -> Kind:
    types = [declared] if isinstance(declared, str) else declared or []
    named = [name for name in types if name != "null"]
    return _KINDS.get(named[0], Kind.JSON) if len(named) == 1 else Kind.JSON


def _kind_of_values(values: list[JsonValue]) -> Kind:
    types = {type(value) for value in values if value is not None}
    kinds = {str: Kind.TEXT, int: Kind.INTEGER, bool: Kind.BOOLEAN}
    return kinds.get(types.pop(), Kind.JSON) if len(types) == 1 else Kind.JSON
