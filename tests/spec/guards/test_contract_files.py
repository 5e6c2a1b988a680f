import pytest

from support.checkouts import CONTRACTS, INDEX, REAL, added, edited
from vox_telemetry_spec.errors import RegistryError
from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.contract_files import contract_files, read_registry

BENCHMARK = f"{CONTRACTS}/telemetry/usage-event-benchmark.v1.schema.json"
EXAMPLES = f"{CONTRACTS}/examples/usage-event-benchmark.examples.json"
POLICY = f"{CONTRACTS}/db/retention-policy.yaml"
FIRST_ENFORCED = "enforced_by: [vox-telemetry data-ssot-guards]"


def test_this_checkout_is_clean() -> None:
    assert list(contract_files(REAL)) == []


@pytest.mark.parametrize(
    ("broken", "finding"),
    [
        (
            REAL.replace(BENCHMARK, None),
            f"{BENCHMARK} is missing, expected it in the checkout",
        ),
        (
            added(f"{CONTRACTS}/telemetry/new.json", "{}"),
            f"{CONTRACTS}/telemetry/new.json has no row in contracts/index.yaml, expected one",
        ),
        (
            edited(BENCHMARK, '"type": "object"', '"type": "thing"'),
            "contracts/telemetry/usage-event-benchmark.v1.schema.json breaks its meta-schema: ",
        ),
        (
            edited(BENCHMARK, '"#/$defs/token"', '"https://elsewhere.example/schema"'),
            "contracts/telemetry/usage-event-benchmark.v1.schema.json breaks its meta-schema: ",
        ),
        (
            edited(EXAMPLES, "{", ""),
            "contracts/examples/usage-event-benchmark.examples.json is no valid JSON: ",
        ),
        (edited(POLICY, "tables:", "tables: ["), "contracts/db/retention-policy.yaml is no valid"),
        (
            edited(POLICY, "kind: days", "kind: years"),
            (
                "contracts/db/retention-policy.yaml breaks contracts/db/retention-policy.schema.json "
                "at /tables/memories: "
            ),
        ),
        (
            edited(f"{CONTRACTS}/db/retention-policy.schema.json", '"object"', '"thing"'),
            "contracts/db/retention-policy.schema.json breaks its meta-schema: ",
        ),
        (
            edited(INDEX, FIRST_ENFORCED, "enforced_by: []"),
            "row 'telemetry-usage-batch-v1-schema' has an empty enforced_by, expected a guard or",
        ),
        (
            edited(INDEX, FIRST_ENFORCED, "enforced_by: [tests/spec/test_none.py]"),
            "row 'telemetry-usage-batch-v1-schema' is enforced by tests/spec/test_none.py, which",
        ),
        (
            edited(INDEX, "id: index-schema", "id: index-scheme"),
            "row 'index' has no schema, expected a row 'index-schema'",
        ),
        (
            edited(INDEX, "id: db-retention-policy\n", "id: Retention\n"),
            (
                "spec/vox_telemetry_spec/contracts/index.yaml breaks contracts/index.schema.json "
                "at /contracts/"
            ),
        ),
        (
            edited(
                INDEX,
                "schema_ref: contracts/telemetry/usage-event-benchmark.v1.schema.json",
                "schema_ref: contracts/telemetry/usage-event-none.v1.schema.json",
            ),
            (
                "family 'benchmark' has schema_ref "
                "contracts/telemetry/usage-event-none.v1.schema.json, which has no row"
            ),
        ),
    ],
)
def test_what_is_broken_on_purpose_is_found(broken: Checkout, finding: str) -> None:
    found = list(contract_files(broken))
    assert [one for one in found if one.startswith(finding)], found


def test_a_registry_that_is_none_is_refused() -> None:
    with pytest.raises(RegistryError, match=r"index\.yaml is damaged"):
        read_registry(added(INDEX, "contracts: 1"))
