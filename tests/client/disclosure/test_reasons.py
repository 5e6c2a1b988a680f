from datetime import UTC, datetime

import msgspec
import pytest

from support.events import benchmark_event
from vox_telemetry_client.disclosure.reasons import Reasons

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def reasons() -> Reasons:
    return Reasons(frozenset())


def test_an_event_has_its_family_contract_and_classes(reasons: Reasons) -> None:
    raw = msgspec.json.encode(benchmark_event())
    row = reasons.row(3, raw, NOW)
    assert (row.number, row.size_bytes, row.metric_type) == (3, len(raw), "benchmark_event")
    assert row.violations == []
    assert row.family is not None
    assert (row.family.family, row.family.sensitivity_class.value) == ("benchmark", "S0")
    assert row.family.transmission_class == "approved_usage_upload"
    assert row.family.schema_ref == "contracts/telemetry/usage-event-benchmark.v1.schema.json"


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (
            msgspec.json.encode(benchmark_event(metric_type="none.such")),
            "contract.unknown-metric-type",
        ),
        (
            msgspec.json.encode(benchmark_event(name="AKIAIOSFODNN7EXAMPLE")),
            "secret.aws-access-key",
        ),
        (b"[1]", "contract.type"),
        (b'{"a":1,"a":2}', "json.duplicate-name"),
    ],
)
def test_what_is_not_allowed_has_the_rule(reasons: Reasons, raw: bytes, rule: str) -> None:
    row = reasons.row(0, raw, NOW)
    assert rule in [one.rule for one in row.violations]


def test_every_forbidden_field_rule_is_named_with_its_reason(reasons: Reasons) -> None:
    found = {rule.id: rule.looks_at for rule in reasons.rules}
    assert len(found) == len(reasons.rules)
    assert {"names", "values"} == set(found.values())
    assert all(rule.reason for rule in reasons.rules)
