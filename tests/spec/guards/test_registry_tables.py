from support.checkouts import INDEX, REAL, edited
from vox_telemetry_spec.guards.registry_tables import registry_tables

TAXONOMY = "docs/taxonomy.md"
METRIC_CONTRACT = "docs/reference/metric-contract.md"
RETENTION = "docs/retention-and-sensitivity.md"


def test_a_family_is_one_row_with_its_contract() -> None:
    families = registry_tables(REAL)[TAXONOMY]["families"].splitlines()
    assert families[2] == (
        "| `benchmark` | `benchmark_event` | S0 | `approved_usage_upload` | "
        "[`usage-event-benchmark.v1`](../spec/vox_telemetry_spec/contracts/telemetry/"
        "usage-event-benchmark.v1.schema.json) |"
    )
    assert "| `mens_training_jsonl` | none | S1 | `local_only` | none |" in families


def test_a_metric_type_is_one_row_for_all_its_families() -> None:
    rows = registry_tables(REAL)[METRIC_CONTRACT]["metric types"].splitlines()
    assert (
        "| `questioning_event` | `(linked session keys)` | S1, S2 | S1, S2 | vox-mcp, vox-db |"
        in rows
    )
    assert "| `orch.risk.score` | `(no convention)` | S1 | no | vox-orchestrator, vox-db |" in rows


def test_each_kind_of_retention_is_said_in_words() -> None:
    rows = registry_tables(REAL)[RETENTION]["retention"].splitlines()
    assert "| `event` | after 180 days | `received_at` |" in rows
    assert "| `conversation_messages` | by hand or by its own program | none |" in rows
    assert "| `agents` | kept | none |" in rows
    assert "| `trusted_evidence_bundles` | when its own time has passed | `expires_at` |" in rows


def test_schemas_are_listed_with_what_they_are() -> None:
    rows = registry_tables(edited(INDEX, "the envelope of one upload", "another thing"))
    assert "| vox-telemetry | another thing |" in rows[TAXONOMY]["contracts"]
    assert "usage-event-benchmark.examples" not in rows[TAXONOMY]["contracts"]
