from support.checkouts import CONTRACTS, INDEX, REAL, added, edited
from vox_telemetry_spec.guards.changelog import Changes
from vox_telemetry_spec.guards.data_ssot import findings, generated

NOTHING = Changes("abc", [], "")
TAXONOMY = "docs/taxonomy.md"


def test_a_table_that_differs_from_its_source_is_found_and_written() -> None:
    broken = edited(TAXONOMY, "| `benchmark` | `benchmark_event` | S0 |", "| `benchmark` | `benchmark_event` | S3 |")  # fmt: skip
    assert findings(broken, NOTHING) == [
        "docs/taxonomy.md differs from what it is generated from: run make docs"
    ]
    assert generated(broken) == {TAXONOMY: REAL.text(TAXONOMY)}


def test_a_document_without_a_place_for_its_table_is_found() -> None:
    broken = edited(TAXONOMY, "<!-- end of families -->", "")
    assert findings(broken, NOTHING) == [
        "docs/taxonomy.md has no place for the generated part 'families'"
    ]


def test_every_guard_is_asked() -> None:
    broken = added("client/vox_telemetry_client/x.py", "import os\nos.getenv('VOX_TELEMETRY_X')")
    broken = added("spec/vox_telemetry_spec/x.py", "X = 'time.x'", broken)
    broken = added(f"{CONTRACTS}/telemetry/usage-event-x.v1.schema.json", "[]", broken)
    broken = edited(f"{CONTRACTS}/db/retention-policy.yaml", "  batch:", "  batches:", broken)
    broken = edited("docs/taxonomy.md", "`benchmark_event`", "`bench_event`", broken)
    changes = Changes("abc", ["spec/vox_telemetry_spec/wire.py"], REAL.text("CHANGELOG.md"))
    found = "\n".join(findings(broken, changes))
    for part in (
        "usage-event-x.v1.schema.json has no row in contracts/index.yaml",
        "usage-event-x.v1.schema.json is open at the top",
        "'benchmark_event' is registered and not in docs/taxonomy.md",
        "VOX_TELEMETRY_X is in client/vox_telemetry_client/x.py and not in",
        "client/vox_telemetry_client/x.py reads the environment",
        "table 'batch' has no rule",
        "rule 'time.x' is given by the code",
        "docs/taxonomy.md differs from what it is generated from",
        "spec/vox_telemetry_spec/wire.py changed since abc without a new bullet",
    ):
        assert part in found


def test_a_registry_that_is_damaged_is_one_finding_and_stops_no_other_guard() -> None:
    broken = added(INDEX, "contracts: 1")
    broken = added("spec/vox_telemetry_spec/x.py", "X = 'time.x'", broken)
    found = findings(broken, NOTHING)
    assert len([one for one in found if "index.yaml is damaged" in one]) == 1
    assert [one for one in found if one.startswith("rule 'time.x'")]
