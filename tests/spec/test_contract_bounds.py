"""What every usage-event contract promises by its shape: bounded in bytes and in numbers.

That it is closed and admits no free text is proven by the guard `closed.py`.
"""

import json
import re
from collections.abc import Iterator

import pytest

from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.guards.closed import pattern_max_chars
from vox_telemetry_spec.limits import (
    METADATA_MAX_BYTES,
    METRIC_TYPE_MAX_BYTES,
    SESSION_ID_MAX_BYTES,
)
from vox_telemetry_spec.registry import Registry

PATHS = [
    row.path
    for row in Registry.load().contracts
    if row.path.startswith("contracts/telemetry/usage-event-")
]
EACH = pytest.mark.parametrize("path", PATHS)

NUMBER_MAX_BYTES = 25  # -1.7976931348623157e+308 has 24


def nodes(schema: object) -> Iterator[dict[str, object]]:
    if isinstance(schema, dict):
        yield schema
        for child in schema.values():
            yield from nodes(child)
    elif isinstance(schema, list):
        for child in schema:
            yield from nodes(child)


def max_bytes(schema: dict, defs: dict) -> int:
    if "$ref" in schema:
        return max_bytes(defs[schema["$ref"].removeprefix("#/$defs/")], defs)
    if "const" in schema or "enum" in schema:
        return max(len(json.dumps(one)) for one in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return max(max_bytes(one, defs) for one in schema["anyOf"])
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    sizes = {"number": NUMBER_MAX_BYTES, "integer": NUMBER_MAX_BYTES, "boolean": 5, "null": 4}
    return max(sizes[kind] if kind in sizes else compound(kind, schema, defs) for kind in kinds)


def chars(pattern: str) -> int:
    size = pattern_max_chars(pattern)
    assert size is not None, f"{pattern} is not bounded"
    return size


def compound(kind: str, schema: dict, defs: dict) -> int:
    if kind == "string":
        return chars(schema["pattern"]) + 2
    if kind == "array":
        return schema["maxItems"] * (max_bytes(schema["items"], defs) + 1) + 2
    if "properties" in schema:
        return 2 + sum(len(n) + 4 + max_bytes(s, defs) for n, s in schema["properties"].items())
    name = chars(schema["propertyNames"]["pattern"]) + 4
    return 2 + schema["maxProperties"] * (name + max_bytes(schema["additionalProperties"], defs))


@EACH
def test_metadata_stays_far_below_the_row_limit(path: str) -> None:
    schema = json.loads(read_contract(path))
    size = max_bytes(schema["properties"]["metadata"], schema.get("$defs", {}))
    assert 0 < size < METADATA_MAX_BYTES / 4


@EACH
def test_session_id_and_metric_type_fit_a_row(path: str) -> None:
    properties = json.loads(read_contract(path))["properties"]
    assert max_bytes(properties["session_id"], {}) - 2 <= SESSION_ID_MAX_BYTES
    assert max_bytes(properties["metric_type"], {}) - 2 <= METRIC_TYPE_MAX_BYTES


@EACH
def test_references_stay_inside_the_file_and_are_all_used(path: str) -> None:
    text = read_contract(path).decode()
    defs = set(json.loads(text).get("$defs", {}))
    assert set(re.findall(r'"\$ref": "#/\$defs/([a-z0-9_]+)"', text)) == defs
    assert text.count('"$ref"') == text.count('"$ref": "#/$defs/')


@EACH
def test_integers_are_bounded_within_what_json_carries(path: str) -> None:
    for node in nodes(json.loads(read_contract(path))):
        if "integer" in (node.get("type") or []):
            assert 0 <= node["minimum"] < node["maximum"] <= 2**53 - 1
