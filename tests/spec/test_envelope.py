import copy
import json
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest

from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.envelope import Producer, compose, read_envelope
from vox_telemetry_spec.errors import ContractRefusedError, JsonRefusedError
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.violations import Violation

SCHEMA = json.loads(read_contract("contracts/telemetry/usage-batch.v1.schema.json"))
BATCH_ID = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
EVENT: dict[str, Any] = {"metric_type": "benchmark_event"}
DOCUMENT: dict[str, Any] = {
    "schema": "vox.usage-batch.v1",
    "batch_id": BATCH_ID,
    "transmission_class": "approved_usage_upload",
    "approved_at": "2026-11-22T08:00:00.000Z",
    "producer": {"name": "vox-telemetry", "version": "0.1.0"},
    "events": [EVENT],
}


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return Contracts(Registry.load())


def _violations(document: Any, contracts: Contracts) -> list[Violation]:
    with pytest.raises(ContractRefusedError) as caught:
        read_envelope(json.dumps(document).encode(), contracts)
    return caught.value.violations


def test_the_schema_is_valid_json_schema_2020_12() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_what_is_composed_obeys_the_schema_and_reads_back(contracts: Contracts) -> None:
    payload = compose(
        [EVENT, {"a": "\u00e9"}],
        batch_id=BATCH_ID,
        approved_at=datetime(2026, 11, 22, 8, tzinfo=UTC),
        producer=Producer("vox-telemetry", "0.1.0"),
    )
    expected = DOCUMENT | {"events": [EVENT, {"a": "\u00e9"}]}
    assert payload == json.dumps(expected, separators=(",", ":"), ensure_ascii=False).encode()
    jsonschema_rs.validate(SCHEMA, json.loads(payload))
    envelope = read_envelope(payload, contracts)
    assert envelope.batch_id == BATCH_ID
    assert envelope.approved_at == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert (envelope.producer.name, envelope.producer.version) == ("vox-telemetry", "0.1.0")
    assert envelope.events == [EVENT, {"a": "\u00e9"}]


def test_the_same_batch_is_always_the_same_bytes() -> None:
    made = {
        compose(
            [copy.deepcopy(EVENT)],
            batch_id=BATCH_ID,
            approved_at=datetime(2026, 11, 22, tzinfo=UTC),
            producer=Producer("p", "1"),
        )
        for _ in range(3)
    }
    assert len(made) == 1


@pytest.mark.parametrize(
    ("change", "pointer", "rule"),
    [
        ({"schema": "vox.usage-batch.v2"}, "/schema", "contract.const"),
        ({"batch_id": BATCH_ID.upper()}, "/batch_id", "contract.pattern"),
        ({"batch_id": BATCH_ID + "\n"}, "/batch_id", "contract.pattern"),
        ({"batch_id": "017f22e2-79b0-4cc3-98c4-dc0c0c07398f"}, "/batch_id", "contract.pattern"),
        ({"batch_id": 7}, "/batch_id", "contract.type"),
        ({"transmission_class": "local_only"}, "/transmission_class", "contract.const"),
        ({"approved_at": "2026-11-22T08:00:00+00:00"}, "/approved_at", "contract.pattern"),
        ({"approved_at": "2026-11-22T08:00:00Z\n"}, "/approved_at", "contract.pattern"),
        ({"approved_at": "2026-02-30T08:00:00Z"}, "/approved_at", "time.invalid"),
        ({"approved_at": "2026-11-22T24:00:00Z"}, "/approved_at", "time.invalid"),
        ({"approved_at": None}, "/approved_at", "contract.type"),
        ({"producer": {"name": "p"}}, "/producer", "contract.required"),
        ({"producer": {"name": "a b", "version": "1"}}, "/producer/name", "contract.pattern"),
        ({"producer": {"name": "", "version": "1"}}, "/producer/name", "contract.pattern"),
        ({"producer": {"name": "n" * 129, "version": "1"}}, "/producer/name", "contract.pattern"),
        (
            {"producer": {"name": "p", "version": "/home/a"}},
            "/producer/version",
            "contract.pattern",
        ),
        ({"producer": {"name": "p", "version": 1}}, "/producer/version", "contract.type"),
        (
            {"producer": {"name": "p", "version": "1", "host": "h"}},
            "/producer",
            "contract.additionalProperties",
        ),
        ({"producer": "vox-telemetry"}, "/producer", "contract.type"),
        ({"events": []}, "/events", "contract.minItems"),
        ({"events": {}}, "/events", "contract.type"),
        ({"events": None}, "/events", "contract.type"),
        ({"note": "hunter2"}, "", "contract.additionalProperties"),
        ({"alice@example.org": 1}, "", "contract.additionalProperties"),
    ],
)
def test_each_damage_is_refused_at_its_place(
    change: dict[str, Any], pointer: str, rule: str, contracts: Contracts
) -> None:
    assert _violations(DOCUMENT | change, contracts) == [Violation(None, pointer, rule)]


@pytest.mark.parametrize("name", DOCUMENT)
def test_each_member_is_required(name: str, contracts: Contracts) -> None:
    document = {other: value for other, value in DOCUMENT.items() if other != name}
    assert _violations(document, contracts) == [Violation(None, "", "contract.required")]


@pytest.mark.parametrize("document", [None, [], "x", 1, True, [DOCUMENT]])
def test_another_kind_of_document_is_refused(document: Any, contracts: Contracts) -> None:
    assert _violations(document, contracts) == [Violation(None, "", "contract.type")]


def test_all_damage_is_reported_at_once(contracts: Contracts) -> None:
    found = _violations(DOCUMENT | {"schema": 1, "batch_id": 2, "events": []}, contracts)
    assert {violation.pointer for violation in found} == {"/schema", "/batch_id", "/events"}


def test_two_thousand_events_fit_and_one_more_does_not(contracts: Contracts) -> None:
    full = json.dumps(DOCUMENT | {"events": [EVENT] * 2000}).encode()
    assert len(read_envelope(full, contracts).events) == 2000
    found = _violations(DOCUMENT | {"events": [EVENT] * 2001}, contracts)
    assert found == [Violation(None, "/events", "contract.maxItems")]
    assert SCHEMA["properties"]["events"]["maxItems"] == 2000


def test_events_are_left_to_the_checker(contracts: Contracts) -> None:
    envelope = read_envelope(json.dumps(DOCUMENT | {"events": [1, {"x": 2}]}).encode(), contracts)
    assert envelope.events == [1, {"x": 2}]


def test_bytes_that_are_not_strict_json_are_refused(contracts: Contracts) -> None:
    twice = json.dumps(DOCUMENT)[:-1] + ',"schema":"vox.usage-batch.v1"}'
    with pytest.raises(JsonRefusedError, match=r"json\.duplicate-name at /schema"):
        read_envelope(twice.encode(), contracts)
