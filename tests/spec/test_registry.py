"""The registry: its own schema, its rows against the files, and the original's 42 metric types."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from vox_telemetry_spec import registry as registry_module
from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.errors import RegistryError
from vox_telemetry_spec.registry import INDEX_PATH, Registry
from vox_telemetry_spec.taxonomy import Family, SensitivityClass, TransmissionClass

ROOT = Path(__file__).parents[2]
PACKAGED = ROOT / "spec" / "vox_telemetry_spec"
REGISTRY = Registry.load()
INDEX = read_contract(INDEX_PATH)

# Facts 1.6; where the original gives a range, both ends.
ORIGINAL = """
benchmark_event S0
syntax_k_event S1
socrates_surface S1 S2
memory_hybrid_fusion S2
workflow_journal_entry S1 S2
populi_control_event S1
questioning_event S1 S2
agent_exec_time S1
model_route_event S1
orch.circuit_breaker.trip S1
orch.socrates.fusion S1
orch.routing.tier S1
orch.plan.mode_decision S1
orch.hitl.interrupt S1
orch.risk.score S1
orch.privacy.route_decision S1
orch.cache.hit_prediction S1
orch.budget.decision S1
orch.calibration.run S1
orch.calibration.drift_alert S1
orch.calibration.bandit_update S1
orch.subagent.dispatch S1
orch.subagent.chain_depth_alert S1
orch.agentos.guardrail_deny S1
model_call_event S1
task.root_summary S1
build.summary S0
telemetry.error S1
fixture.model.intent_resolved S1
fixture.prompt.dispatch S1
fixture.search.dispatch S1
fixture.hole.observed S1
vox.lint.finding S1
vox.lint.autofix_applied S1
vox.lint.autofix_rejected S1
vox.repair.attempt S1
vox.repair.outcome S1
vox.audit.run S1
vox.model.selection_decision S1
vox.model.discovery S1
vox.model.classification S1
vox.model.confidence_promotion S1
"""
ORIGINAL_ROWS = [line.split() for line in ORIGINAL.split("\n") if line]
OURS = {"completion_ci.counts", "completion_ci.finding", "mens.training", "attention.decision"}


def family(name: str, metric_type: str | None, sensitivity: SensitivityClass) -> Family:
    return Family(
        family=name,
        metric_type=metric_type,
        session_id_convention="(none)",
        schema_ref=None,
        sensitivity_class=sensitivity,
        transmission_class=TransmissionClass.LOCAL_ONLY,
        owner_crate="vox-db",
    )


def test_index_obeys_its_schema() -> None:
    schema = json.loads(read_contract("contracts/index.schema.json"))
    jsonschema_rs.validate(schema, yaml.safe_load(read_contract(INDEX_PATH)))


@pytest.mark.parametrize(
    "broken",
    [
        {"id": "Upper-case"},
        {"id": "-starts-with-a-dash"},
        {"kind": "toml"},
        {"enforced_by": []},
        {"enforced_by": ["somebody"]},
        {"description": ""},
        {"retention": "forever"},
    ],
    ids=str,
)
def test_index_schema_refuses_a_broken_row(broken: dict[str, Any]) -> None:
    schema = json.loads(read_contract("contracts/index.schema.json"))
    index = yaml.safe_load(read_contract(INDEX_PATH))
    index["contracts"][0] |= broken
    assert not jsonschema_rs.is_valid(schema, index)


def test_ids_and_paths_are_unique() -> None:
    ids = [row.id for row in REGISTRY.contracts]
    paths = [row.path for row in REGISTRY.contracts]
    assert len(set(ids)) == len(ids)
    assert len(set(paths)) == len(paths)


def test_every_registered_file_is_packaged_and_every_packaged_file_registered() -> None:
    packaged = {
        path.relative_to(PACKAGED).as_posix()
        for path in (PACKAGED / "contracts").rglob("*")
        if path.is_file()
    }
    assert {row.path for row in REGISTRY.contracts} | {INDEX_PATH} == packaged


def test_every_test_that_enforces_a_contract_exists() -> None:
    named = {name for row in REGISTRY.contracts for name in row.enforced_by if "tests/" in name}
    assert named
    for name in named:
        assert (ROOT / name).is_file(), name


def test_json_schemas_are_what_their_row_says() -> None:
    for row in REGISTRY.contracts:
        if row.kind == "json-schema":
            document = json.loads(read_contract(row.path))
            assert jsonschema_rs.meta.is_valid(document), row.path
            assert document["$id"].endswith(row.path.removeprefix("contracts/")), row.path


@pytest.mark.parametrize("row", ORIGINAL_ROWS, ids=[row[0] for row in ORIGINAL_ROWS])
def test_every_metric_type_of_the_original_is_registered_with_its_sensitivity(
    row: list[str],
) -> None:
    metric_type, *classes = row
    assert [f.sensitivity_class.value for f in REGISTRY.families_of(metric_type)] == classes


def test_no_other_metric_type_is_registered() -> None:
    registered = {f.metric_type for f in REGISTRY.families if f.metric_type is not None}
    assert len(ORIGINAL_ROWS) == 42
    assert registered == {row[0] for row in ORIGINAL_ROWS} | OURS


def test_what_has_no_contract_is_local_only_and_what_is_uploaded_has_one_of_its_own() -> None:
    refs = []
    for one in REGISTRY.families:
        if one.transmission_class is TransmissionClass.APPROVED_USAGE_UPLOAD:
            assert one.metric_type is not None
            assert one.sensitivity_class is not SensitivityClass.S3
            refs.append(one.schema_ref)
        elif one.schema_ref is None:
            assert one.transmission_class is TransmissionClass.LOCAL_ONLY
    assert len(set(refs)) == len(refs) == 20
    assert {ref for ref in refs if ref} <= {row.path for row in REGISTRY.contracts}


def test_s2_contracts_are_their_own_files() -> None:
    for one in REGISTRY.families:
        if one.transmission_class is TransmissionClass.APPROVED_USAGE_UPLOAD:
            s2 = one.sensitivity_class is SensitivityClass.S2
            assert ("-s2." in str(one.schema_ref)) == s2
            assert one.family.endswith("_s2") == s2


def test_families_come_from_the_least_sensitive_up() -> None:
    names = [one.family for one in REGISTRY.families_of("questioning_event")]
    assert names == ["questioning", "questioning_s2"]
    shuffled = Registry([], list(reversed(REGISTRY.families)))
    assert [one.family for one in shuffled.families_of("questioning_event")] == names


def test_an_unregistered_metric_type_has_no_family() -> None:
    assert REGISTRY.families_of("benchmark_event2") == ()


def test_two_families_of_one_name_are_refused() -> None:
    with pytest.raises(RegistryError, match="declares a family twice"):
        Registry([], [family("a", "x", SensitivityClass.S0), family("a", "y", SensitivityClass.S0)])


def test_two_families_of_one_type_and_sensitivity_are_refused() -> None:
    twins = [family("a", "x", SensitivityClass.S1), family("b", "x", SensitivityClass.S1)]
    with pytest.raises(RegistryError, match="declares a metric type of one sensitivity twice"):
        Registry([], twins)


def test_families_without_metric_type_do_not_clash() -> None:
    lone = [family("a", None, SensitivityClass.S1), family("b", None, SensitivityClass.S1)]
    assert Registry([], lone).families == tuple(lone)


def test_the_benchmark_family_is_declared_as_the_trust_document_says() -> None:
    (benchmark,) = REGISTRY.families_of("benchmark_event")
    assert benchmark.session_id_convention == "bench:<repository_id>"
    assert benchmark.sensitivity_class is SensitivityClass.S0
    assert benchmark.transmission_class is TransmissionClass.APPROVED_USAGE_UPLOAD
    assert REGISTRY.families_of("Benchmark_Event") == ()


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"[]",
        b"a: [",
        b"\xff\xfe",
        INDEX.replace(b"schema_version: 1", b"schema_version: one"),
        INDEX.replace(b"schema_version: 1", b"schema_version: 1\nschema_version: 1"),
        INDEX.replace(b"sensitivity_class: S0", b"sensitivity_class: S4"),
        INDEX.replace(b"owner_crate: vox-cli", b"surprise: 1\n    owner_crate: vox-cli"),
        INDEX.replace(b"    owner: vox-telemetry\n", b"", 1),
    ],
)
def test_a_damaged_registry_is_refused(damaged: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "read_contract", lambda _: damaged)
    with pytest.raises(RegistryError, match=r"index\.yaml is damaged, reinstall vox-telemetry"):
        Registry.load()


def test_a_registry_that_is_not_packaged_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "INDEX_PATH", "contracts/none.yaml")
    with pytest.raises(RegistryError, match=r"none\.yaml is damaged, reinstall vox-telemetry"):
        Registry.load()


def test_a_contract_id_that_is_declared_twice_is_refused() -> None:
    with pytest.raises(RegistryError, match="declares a contract id twice"):
        Registry([*REGISTRY.contracts, REGISTRY.contracts[0]], [])
