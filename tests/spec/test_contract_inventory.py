"""The original's own contracts: valid, with the original's ids, and open where they were open."""

import json
from typing import Any

import jsonschema_rs
import pytest

from vox_telemetry_spec.data import read_contract

FIXTURES = "contracts/orchestration/context-lifecycle-telemetry.fixtures.json"


def schema(path: str) -> dict[str, Any]:
    return json.loads(read_contract(f"contracts/{path}.schema.json"))


# The first finding of the original's published audit, once its braces are put back.
FINDING = {
    "detector_id": "ignored-test-debt",
    "tier": "B",
    "severity": "warning",
    "file_path": None,
    "line": None,
    "message": "ignored Rust test markers (#[ignore…) count=22",
    "fingerprint": "43cc5e89d33aa236",
    "metric": 22,
}
RUN = {
    "schema_version": 1,
    "repository_id": "d820b80d21b5d07a",
    "workflow": "local",
    "recorded_at": "2026-04-02T10:08:34.565080+00:00",
    "findings_count": 2,
}
SNAPSHOT = {"detector_id": "todo-macro-prod", "tier": "B", "finding_count": 23}
SYNTAX_K = {
    "schema_version": 1,
    "fixture_id": "todo app",
    "target_kind": "web_ir",
    "raw_bytes": 4096,
    "compressor_results": [
        {"name": "zstd", "profile": "19", "compressed_bytes": 1024, "ratio": 0.25}
    ],
    "k_est_bytes": 1024,
    "support_metrics": {"representability": {"parse_ok": True, "anything": "goes"}},
    "toolchain_fingerprint": {"compiler": "vox 0.5.0", "compressor_profiles": [], "host": "x"},
}
DECISION = {
    "surface": "chat",
    "decision": "InterruptNow",
    "reason": "it is urgent",
    "timestamp_ms": 0,
}


@pytest.mark.parametrize(
    ("path", "instance"),
    [
        ("telemetry/completion-finding.v1", FINDING),
        ("telemetry/completion-run.v1", RUN),
        ("telemetry/completion-detector-snapshot.v1", SNAPSHOT),
        ("eval/syntax-k-event", SYNTAX_K),
        ("communication/interruption-decision", DECISION),
    ],
)
def test_an_instance_of_the_original_is_admitted(path: str, instance: dict[str, Any]) -> None:
    jsonschema_rs.validate(schema(path), instance)


@pytest.mark.parametrize(
    ("path", "instance", "broken"),
    [
        ("telemetry/completion-finding.v1", FINDING, {"tier": "D"}),
        ("telemetry/completion-finding.v1", FINDING, {"line": "12"}),
        ("telemetry/completion-run.v1", RUN, {"schema_version": 2}),
        ("telemetry/completion-run.v1", RUN, {"findings_count": -1}),
        ("telemetry/completion-detector-snapshot.v1", SNAPSHOT, {"finding_count": 0.5}),
        ("eval/syntax-k-event", SYNTAX_K, {"source_hash": "ABCD"}),
        ("eval/syntax-k-event", SYNTAX_K, {"compressor_results": []}),
        ("eval/syntax-k-event", SYNTAX_K, {"extra": 1}),
        ("communication/interruption-decision", DECISION, {"decision": "ask"}),
        ("communication/interruption-decision", DECISION, {"signals": {"mood": 1}}),
        ("communication/interruption-decision", DECISION, {"channel": "email"}),
    ],
)
def test_a_broken_instance_is_refused(
    path: str, instance: dict[str, Any], broken: dict[str, Any]
) -> None:
    assert not jsonschema_rs.is_valid(schema(path), instance | broken)


@pytest.mark.parametrize(
    ("path", "required"),
    [
        (
            "telemetry/completion-finding.v1",
            FINDING.keys() & {"detector_id", "tier", "message", "fingerprint"},
        ),
        ("telemetry/completion-run.v1", RUN.keys()),
        ("telemetry/completion-detector-snapshot.v1", SNAPSHOT.keys()),
        ("eval/syntax-k-event", SYNTAX_K.keys() - {"support_metrics"}),
        ("communication/interruption-decision", DECISION.keys()),
    ],
)
def test_required_members_are_the_originals(path: str, required: set[str]) -> None:
    assert set(schema(path)["required"]) == set(required)


@pytest.mark.parametrize(
    ("path", "identifier"),
    [
        (
            "telemetry/completion-run.v1",
            "https://vox-lang.org/contracts/telemetry/completion-run.v1.schema.json",
        ),
        (
            "telemetry/completion-finding.v1",
            "https://vox-lang.org/contracts/telemetry/completion-finding.v1.schema.json",
        ),
        (
            "telemetry/completion-detector-snapshot.v1",
            "https://vox-lang.org/contracts/telemetry/completion-detector-snapshot.v1.schema.json",
        ),
        ("eval/syntax-k-event", "https://vox-lang.org/schemas/eval/syntax-k-event.schema.json"),
        (
            "communication/interruption-decision",
            "https://vox-lang.org/contracts/communication/interruption-decision.schema.json",
        ),
        (
            "orchestration/context-lifecycle-telemetry",
            "https://vox-lang.org/contracts/orchestration/context-lifecycle-telemetry.schema.json",
        ),
    ],
)
def test_ids_are_the_originals(path: str, identifier: str) -> None:
    assert schema(path)["$id"] == identifier


def test_context_lifecycle_fixtures_obey_their_schema() -> None:
    fixtures = json.loads(read_contract(FIXTURES))
    assert [one["event"] for one in fixtures] == ["context.capture", "context.select"]
    for fixture in fixtures:
        jsonschema_rs.validate(schema("orchestration/context-lifecycle-telemetry"), fixture)


@pytest.mark.parametrize(
    ("index", "broken"),
    [
        (0, {"event": "context.drop"}),
        (0, {"source": "Elsewhere"}),
        (0, {"envelope_type": "ContextTurn"}),
        (1, {"outcome": "lost"}),
        (1, {"merge_strategy": "FirstWriteWins"}),
        (1, {"target": "vox_orchestrator"}),
    ],
)
def test_a_broken_fixture_is_refused(index: int, broken: dict[str, Any]) -> None:
    fixture = json.loads(read_contract(FIXTURES))[index]
    path = "orchestration/context-lifecycle-telemetry"
    assert not jsonschema_rs.is_valid(schema(path), fixture | broken)


def test_fixtures_are_the_published_bytes() -> None:
    # Its size and first member as published in the original's repository.
    raw = read_contract(FIXTURES)
    assert len(raw) == 755
    assert json.loads(raw)[0]["repository_id"] == "repo-contract-test"
