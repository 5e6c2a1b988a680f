import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import jsonschema_rs
import pytest

from vox_telemetry_spec import contracts as contracts_module
from vox_telemetry_spec import registry as registry_module
from vox_telemetry_spec.contracts import Contracts, Schema
from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.errors import RegistryError
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.taxonomy import Family, SensitivityClass, TransmissionClass
from vox_telemetry_spec.violations import Violation

BENCHMARK = "contracts/telemetry/usage-event-benchmark.v1.schema.json"
SCHEMA_PATHS = [row.path for row in Registry.load().contracts if row.kind == "json-schema"]
EVENT_PATHS = [path for path in SCHEMA_PATHS if "/usage-event-" in path]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
# The one file whose id in the original is not its path.
MOVED = {"contracts/eval/syntax-k-event.schema.json": "schemas/eval/syntax-k-event.schema.json"}
# Patterns that bound a string by themselves: no open-ended repetition, no dot, anchored.
UNBOUNDED = ("*", "+)", "+$", ",}", ".")


def _family(**changes: Any) -> Family:
    declared: dict[str, Any] = {
        "family": "benchmark",
        "metric_type": "benchmark_event",
        "session_id_convention": "bench:<repository_id>",
        "schema_ref": BENCHMARK,
        "sensitivity_class": SensitivityClass.S0,
        "transmission_class": TransmissionClass.APPROVED_USAGE_UPLOAD,
        "owner_crate": "vox-cli",
    }
    return Family(**(declared | changes))


def _schemas(node: Any, where: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each (sub)schema of a document that applies to a value."""
    if isinstance(node, dict):
        yield where, node
        for keyword in ("properties", "$defs"):
            for name, inner in node.get(keyword, {}).items():
                yield from _schemas(inner, f"{where}/{keyword}/{name}")
        for keyword in ("items", "additionalProperties", "propertyNames"):
            yield from _schemas(node.get(keyword), f"{where}/{keyword}")
        for keyword in ("anyOf", "oneOf", "allOf"):
            for index, inner in enumerate(node.get(keyword, [])):
                yield from _schemas(inner, f"{where}/{keyword}/{index}")


def _types(schema: dict[str, Any]) -> set[str]:
    declared = schema.get("type", [])
    return {declared} if isinstance(declared, str) else set(declared)


def _admits_free_text(schema: dict[str, Any], where: str) -> bool:
    if "enum" in schema or "const" in schema or "$ref" in schema or "anyOf" in schema:
        return False  # their parts are looked at on their own
    if where.endswith("/propertyNames"):
        pass  # a name is a string without saying so
    elif not _types(schema):
        return True  # anything goes, text too
    elif "string" not in _types(schema):
        return False
    pattern = schema.get("pattern", "")
    anchored = pattern.startswith("^") and pattern.endswith("$")
    return not anchored or any(mark in _without_classes(pattern) for mark in UNBOUNDED)


def _without_classes(pattern: str) -> str:
    """Take out [character classes] and escaped characters, which bound what they match."""
    kept, inside, escaped = "", False, False
    for character in pattern:
        if escaped or character == "\\":
            escaped = not escaped
        elif character == "[":
            inside = True
        elif character == "]":
            inside = False
        elif not inside:
            kept += character
    return kept


def _is_open(schema: dict[str, Any]) -> bool:
    """Tell whether an object may have members that are neither named nor bounded."""
    if "object" not in _types(schema):
        return False
    extra = schema.get("additionalProperties")
    bounded = isinstance(extra, dict) and "maxProperties" in schema and "propertyNames" in schema
    return extra is not False and not bounded


@pytest.mark.parametrize("path", SCHEMA_PATHS)
def test_each_schema_is_valid_and_says_where_it_lives(path: str) -> None:
    document = json.loads(read_contract(path))
    jsonschema_rs.meta.validate(document)
    older = path.startswith("contracts/telemetry/completion-")
    dialect = "http://json-schema.org/draft-07/schema#" if older else DIALECT
    assert document["$schema"] == dialect
    assert document["$id"] == f"https://vox-lang.org/{MOVED.get(path, path)}"
    assert document["title"]


@pytest.mark.parametrize("path", EVENT_PATHS)
def test_each_event_contract_is_closed_at_every_level(path: str) -> None:
    schemas = list(_schemas(json.loads(read_contract(path))))
    assert [where for where, schema in schemas if _is_open(schema)] == []
    assert [where for where, schema in schemas if _admits_free_text(schema, where)] == []
    assert all("array" not in _types(s) or "maxItems" in s for _, s in schemas)


def test_the_envelope_is_closed_but_for_its_events() -> None:
    schemas = list(_schemas(json.loads(read_contract(contracts_module.BATCH_SCHEMA_PATH))))
    assert [w for w, s in schemas if _is_open(s)] == ["#/properties/events/items"]
    assert [w for w, s in schemas if _admits_free_text(s, w)] == []


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": ["string", "null"]},
        {"type": "string", "maxLength": 100},
        {"type": "string", "pattern": "[a-z]{1,9}"},
        {"type": "string", "pattern": "^.{1,9}$"},
        {"type": "string", "pattern": "^[a-z]+$"},
        {"type": "string", "pattern": "^[a-z]*$"},
        {"type": "string", "pattern": "^[a-z]{1,}$"},
        {"type": "string", "pattern": "^([a-z]+)$"},
        {},
        {"description": "anything"},
    ],
)
def test_the_guard_sees_free_text(schema: dict[str, Any]) -> None:
    assert _admits_free_text(schema, "#")


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "additionalProperties": True},
        {"type": "object", "additionalProperties": {"type": "number"}},
        {"type": ["object", "null"], "additionalProperties": {}, "maxProperties": 3},
    ],
)
def test_the_guard_sees_an_open_object(schema: dict[str, Any]) -> None:
    assert _is_open(schema)


@pytest.mark.parametrize(
    ("event", "pointer", "rule"),
    [
        ({"details": {"Lane": 1}}, "/metadata/details", "contract.pattern"),
        ({"details": {"alice@example.org": 1}}, "/metadata/details", "contract.pattern"),
        ({"details": {"lane": [1]}}, "/metadata/details/lane", "contract.anyOf"),
        ({"details": {"lane": None}}, "/metadata/details/lane", "contract.anyOf"),
        ({"details": {"lane": "a b"}}, "/metadata/details/lane", "contract.anyOf"),
        ({"metric_value_unit": "parsecs"}, "/metadata/metric_value_unit", "contract.enum"),
        ({"note": "x"}, "/metadata", "contract.additionalProperties"),
        ({"name": "a b"}, "/metadata/name", "contract.pattern"),
    ],
)
def test_a_violation_has_the_place_and_the_keyword(
    event: dict[str, Any], pointer: str, rule: str
) -> None:
    document = {
        "metric_type": "benchmark_event",
        "session_id": "bench:a1",
        "recorded_at": "2026-11-20T10:00:00Z",
        "metric_value": 1,
        "metadata": {"name": "ok"} | event,
    }
    assert list(Schema(BENCHMARK).violations(document, 4)) == [Violation(4, pointer, rule)]


def test_only_uploadable_families_have_a_contract() -> None:
    local = _family(
        family="local", metric_type="local_event", transmission_class=TransmissionClass.LOCAL_ONLY
    )
    contracts = Contracts(Registry([], [_family(), local]))
    assert contracts.of(_family()) is not None
    assert contracts.of(local) is None


def test_an_uploadable_family_without_a_contract_is_a_damaged_registry() -> None:
    with pytest.raises(
        RegistryError, match="'benchmark' is approved_usage_upload without a schema_ref"
    ):
        Contracts(Registry([], [_family(schema_ref=None)]))


def test_a_missing_or_foreign_contract_file_is_a_damaged_installation() -> None:
    with pytest.raises(RegistryError, match=r"nothing\.json is damaged, reinstall vox-telemetry"):
        Schema("contracts/nothing.json")
    with pytest.raises(RegistryError, match=r"index\.yaml is damaged"):
        Schema("contracts/index.yaml")


def test_a_schema_that_is_no_valid_schema_is_a_damaged_installation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contracts_module, "read_contract", lambda _: b'{"type":"nonsense"}')
    with pytest.raises(RegistryError, match="is damaged"):
        Schema(BENCHMARK)


def test_a_false_schema_still_names_a_keyword(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts_module, "read_contract", lambda _: b"false")
    assert list(Schema(BENCHMARK).violations({}, None)) == [Violation(None, "", "contract.schema")]


def test_the_registry_s_files_are_where_it_says() -> None:
    assert registry_module.INDEX_PATH == "contracts/index.yaml"
    for path in SCHEMA_PATHS:
        assert PurePosixPath(path).parts[0] == "contracts"
        assert read_contract(path)
