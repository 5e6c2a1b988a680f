import pytest

from support.checkouts import CONTRACTS, INDEX, REAL, added, edited
from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.metric_types import METRIC_CONTRACT, TAXONOMY, metric_types

BENCHMARK = f"{CONTRACTS}/telemetry/usage-event-benchmark.v1.schema.json"
NEW_FAMILY = """\
families:
  - family: brand_new
    metric_type: brand.new
    session_id_convention: "(no convention)"
    schema_ref: null
    sensitivity_class: S1
    transmission_class: local_only
    owner_crate: vox-db
"""


def test_this_checkout_is_clean() -> None:
    assert list(metric_types(REAL)) == []


@pytest.mark.parametrize(
    ("broken", "findings"),
    [
        (
            edited(INDEX, "families:\n", NEW_FAMILY),
            [
                "metric type 'brand.new' is registered and not in docs/reference/metric-contract.md",
                "metric type 'brand.new' is registered and not in docs/taxonomy.md",
            ],
        ),
        (
            edited(TAXONOMY, "`orch.risk.score`", "`orch.risk.score.other`"),
            ["metric type 'orch.risk.score' is registered and not in docs/taxonomy.md"],
        ),
        (
            edited(METRIC_CONTRACT, "| `orch.risk.score` |", "| `orch.risk.scores` |"),
            [
                (
                    "metric type 'orch.risk.score' is registered and not in "
                    "docs/reference/metric-contract.md"
                ),
                (
                    "metric type 'orch.risk.scores' is in docs/reference/metric-contract.md and not "
                    "registered"
                ),
            ],
        ),
        (
            edited(BENCHMARK, '"const": "benchmark_event"', '"const": "bench_event"'),
            [
                (
                    "telemetry/usage-event-benchmark.v1.schema.json is for metric type 'bench_event', "
                    "its family in the registry for 'benchmark_event'"
                )
            ],
        ),
        (
            edited(BENCHMARK, '"const": "benchmark_event"', '"type": "null"'),
            [
                "telemetry/usage-event-benchmark.v1.schema.json fixes no metric_type, expected a const"
            ],
        ),
    ],
)
def test_what_is_broken_on_purpose_is_found(broken: Checkout, findings: list[str]) -> None:
    assert list(metric_types(broken)) == findings


def test_a_contract_that_is_no_json_is_found() -> None:
    (found,) = metric_types(added(BENCHMARK, "{"))
    assert "usage-event-benchmark.v1.schema.json is no valid JSON" in found
