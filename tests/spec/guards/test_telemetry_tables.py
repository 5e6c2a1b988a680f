import pytest

from support.checkouts import CONTRACTS, REAL, edited
from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.telemetry_tables import SINK_SCHEMA, telemetry_tables

POLICY = f"{CONTRACTS}/db/retention-policy.yaml"


def test_this_checkout_is_clean() -> None:
    assert list(telemetry_tables(REAL)) == []


@pytest.mark.parametrize(
    ("broken", "finding"),
    [
        (
            edited(
                SINK_SCHEMA,
                "CREATE TABLE batch (",
                "CREATE TABLE sent (a int);\nCREATE TABLE batch (",
            ),
            "table 'sent' has no rule in contracts/db/retention-policy.yaml, expected one",
        ),
        (
            edited(SINK_SCHEMA, "CREATE TABLE batch (", "CREATE TABLE IF NOT EXISTS batches ("),
            "table 'batches' has no rule in contracts/db/retention-policy.yaml, expected one",
        ),
        (
            edited(POLICY, "  research_metrics:", "  research_numbers:"),
            (
                "table 'research_metrics' has no rule in contracts/db/retention-policy.yaml, "
                "expected one"
            ),
        ),
        (
            edited(POLICY, "time_column: rejected_at", "time_column: created_at"),
            (
                "contracts/db/retention-policy.yaml names column 'created_at' of table 'rejection', "
                "which has none such"
            ),
        ),
    ],
)
def test_what_is_broken_on_purpose_is_found(broken: Checkout, finding: str) -> None:
    assert list(telemetry_tables(broken)) == [finding]


def test_partitions_need_no_rule_of_their_own() -> None:
    partition = "CREATE TABLE event_2026_11 PARTITION OF event FOR VALUES FROM ('a') TO ('b');\n"
    with_one = edited(
        SINK_SCHEMA, "CREATE TABLE rejection (", partition + "CREATE TABLE rejection ("
    )
    assert list(telemetry_tables(with_one)) == []
