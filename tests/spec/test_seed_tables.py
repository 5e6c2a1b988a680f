"""The seed texts, read as they are: every row of their tables is found in the registry."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path

import msgspec
import pytest

from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.retention import load_policy
from vox_telemetry_spec.taxonomy import (
    Family,
    Refusal,
    SensitivityClass,
    TransmissionClass,
    may_enqueue,
)

SEEDS = Path(__file__).parents[1] / "data" / "seeds"
TAXONOMY = (SEEDS / "telemetry-taxonomy-and-contracts.txt").read_text(encoding="utf-8")
BACKLOG = (SEEDS / "telemetry-implementation-backlog.txt").read_text(encoding="utf-8")
REGISTRY = Registry.load()
PATHS = [row.path for row in REGISTRY.contracts]


def section(title: str, until: str) -> str:
    start = TAXONOMY.index(title)
    return TAXONOMY[start : TAXONOMY.index(until, start)]


def rows(text: str) -> list[list[str]]:
    table = [line.removesuffix("|") for line in text.splitlines() if " | " in line]
    cells = [[cell.strip() for cell in line.removeprefix("|").split(" | ")] for line in table]
    return [row for row in cells[1:] if row[0] != "---"]  # the first row is the head


FIELDS = rows(section("Each logical event SHALL declare", "Shipped metric_type constants"))
SHIPPED = rows(section("From research_metrics_contract.rs", "Contract inventory"))
INVENTORY = rows(section("| Area |", "Target: single telemetry"))


def test_the_tables_were_read_whole() -> None:
    assert (len(FIELDS), len(SHIPPED), len(INVENTORY)) == (7, 8, 5)


def test_families_declare_the_seven_fields() -> None:
    assert [row[0] for row in FIELDS] == list(msgspec.structs.asdict(REGISTRY.families[0]))
    assert [row[0] for row in FIELDS] == [field.name for field in msgspec.structs.fields(Family)]


def test_named_families_are_registered() -> None:
    named = re.search(r"Stable grouping: (.*), …", TAXONOMY)
    assert named is not None
    families = named.group(1).split(", ")
    assert len(families) == 9
    assert set(families) <= {family.family for family in REGISTRY.families}


@pytest.mark.parametrize("row", SHIPPED, ids=[row[0] for row in SHIPPED])
def test_shipped_metric_types_have_the_seeds_session_id_and_owners(row: list[str]) -> None:
    metric_type, session_id, owners = row
    for family in REGISTRY.families_of(metric_type):
        assert family.session_id_convention == session_id
        assert family.owner_crate.split(", ") == re.split(r" → |, ", owners)
    assert REGISTRY.families_of(metric_type)


@pytest.mark.parametrize("row", INVENTORY, ids=[row[0] for row in INVENTORY])
def test_contract_inventory_is_registered_and_packaged(row: list[str]) -> None:
    found = [path for path in PATHS if fnmatch(path, row[1])]
    assert found
    for path in found:
        assert json.loads(read_contract(path))["$schema"]


def test_sensitivity_and_transmission_words_are_the_seeds() -> None:
    words = re.search(r"transmission_class \| (.*?) \(future\)", TAXONOMY)
    assert words is not None
    assert words.group(1).split(" | ") == [str(one) for one in TransmissionClass]
    for word in ("S0 coarse", "S1 operational", "S2 workspace-adjacent", "S3 content-bearing"):
        assert word in TAXONOMY
        assert word.split()[0] in list(SensitivityClass.__members__)


def test_registry_rows_follow_the_target_pattern() -> None:
    target = section("Target: single telemetry", "Transmission classes")
    assert "`" not in target
    assert "description" in target
    for row in REGISTRY.contracts:
        assert row.description
        assert any(
            name in {"vox-telemetry data-ssot-guards", "vox-telemetry command-compliance"}
            or name.startswith("tests/")
            for name in row.enforced_by
        )


def test_backlog_contracts_are_registered() -> None:
    named = set(re.findall(r"contracts/[a-z0-9/.*-]+\.(?:schema\.json|yaml)", BACKLOG))
    named -= {"contracts/index.yaml"}  # the registry itself
    assert len(named) >= 5
    for pattern in named:
        assert [path for path in PATHS if fnmatch(path, pattern)], pattern


def test_backlog_completion_tables_have_their_retention() -> None:
    policy = load_policy()
    assert (policy["ci_completion_run"].days, policy["ci_completion_run"].time_column) == (
        365,
        "finished_at",
    )
    assert policy["ci_completion_suppression"].time_column == "expires_at"


# What the seed forbids, with names that would carry it; each line is one bullet of the seed.
FORBIDDEN = {
    "raw source text, prompts, completions": {"source", "prompt", "completion", "code"},
    "full MCP tool": {"arguments", "arguments_json", "args"},
    "absolute paths, repository remotes, user home": {"path", "file_path", "remote", "stack_trace"},
    "retrieval query text and document bodies": {"query", "text", "body", "document", "snippet"},
}


def members(schema: object) -> set[str]:
    if isinstance(schema, dict):
        own = set(schema.get("properties", {}))
        return own.union(*(members(child) for child in schema.values()))
    if isinstance(schema, list):
        return set().union(*(members(child) for child in schema))
    return set()


def test_forbidden_list_is_the_seeds() -> None:
    bullets = re.split(r"\s- ", TAXONOMY[TAXONOMY.index("MUST NOT appear in") :])[1:]
    assert len(bullets) == len(FORBIDDEN)
    for bullet, start in zip(bullets, FORBIDDEN, strict=True):
        assert bullet.startswith(start)


def test_no_usage_contract_declares_a_forbidden_name() -> None:
    forbidden = set().union(*FORBIDDEN.values())
    for path in PATHS:
        if path.startswith("contracts/telemetry/usage-event-"):
            assert members(json.loads(read_contract(path))).isdisjoint(forbidden), path


def test_local_only_families_never_leave() -> None:
    local = [f for f in REGISTRY.families if f.transmission_class is TransmissionClass.LOCAL_ONLY]
    assert "context_lifecycle_trace" in {family.family for family in local}
    for family in local:
        everything = frozenset({family.family})
        refusal = may_enqueue(family, SensitivityClass.S3, everything)
        assert refusal is Refusal.TRANSMISSION_CLASS
