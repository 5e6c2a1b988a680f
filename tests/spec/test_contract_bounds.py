"""What every usage-event contract promises by its shape: closed, no free text, bounded in bytes."""

import json
import re
from collections.abc import Iterator

import pytest

from vox_telemetry_spec.data import read_contract
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
# One class of ASCII characters, bounded: `^prefix:[class]{low,high}$`, or a fixed sequence of them.
PART = re.compile(
    r"\[[^\]]+\](?:\{(?:\d+,)?(\d+)\})?|\\\.\??|\(\\\.\[0-9\]\{1,9\}\)\?|[A-Za-z0-9:_-]"
)


def nodes(schema: object) -> Iterator[dict[str, object]]:
    if isinstance(schema, dict):
        yield schema
        for child in schema.values():
            yield from nodes(child)
    elif isinstance(schema, list):
        for child in schema:
            yield from nodes(child)


def pattern_max_chars(pattern: str) -> int:
    assert pattern.startswith("^")
    assert pattern.endswith("$")
    inner, at, size = pattern[1:-1], 0, 0
    while at < len(inner):
        if inner.startswith("(\\.[0-9]{1,9})?", at):
            at, size = at + len("(\\.[0-9]{1,9})?"), size + 10
            continue
        part = PART.match(inner, at)
        assert part is not None, f"{pattern} is not bounded at {at}"
        at, size = part.end(), size + int(part.group(1) or 1)
        assert at == len(inner) or inner[at] not in "*+?{"
    return size


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


def compound(kind: str, schema: dict, defs: dict) -> int:
    if kind == "string":
        return pattern_max_chars(schema["pattern"]) + 2
    if kind == "array":
        return schema["maxItems"] * (max_bytes(schema["items"], defs) + 1) + 2
    if "properties" in schema:
        return 2 + sum(len(n) + 4 + max_bytes(s, defs) for n, s in schema["properties"].items())
    name = pattern_max_chars(schema["propertyNames"]["pattern"]) + 4
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
def test_every_object_is_closed(path: str) -> None:
    for node in nodes(json.loads(read_contract(path))):
        if node.get("type") == "object" and "properties" in node:
            assert node["additionalProperties"] is False
        elif node.get("type") == "object":  # open measures
            assert node["maxProperties"] == 32
            assert node["propertyNames"] == {"pattern": "^[a-z][a-z0-9_]{0,63}$"}


@EACH
def test_every_string_is_a_bounded_token(path: str) -> None:
    for node in nodes(json.loads(read_contract(path))):
        if "string" in (node.get("type") or []):
            assert pattern_max_chars(str(node["pattern"])) <= 160
            assert not re.match(str(node["pattern"]), "two words")
            assert not re.match(str(node["pattern"]), "a/b")


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


@pytest.mark.parametrize(
    "pattern", ["[a-z]{1,8}", "^[a-z]+$", "^[a-z]*$", "^.{1,8}$", "^[a-z]{3,}$"]
)
def test_an_unbounded_pattern_is_found(pattern: str) -> None:
    with pytest.raises(AssertionError):
        pattern_max_chars(pattern)
