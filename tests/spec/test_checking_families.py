"""Families that share a metric type: which one takes an event, and what is said if none does."""

from datetime import UTC, datetime

import pytest

from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.strict_json import JsonObject, JsonValue
from vox_telemetry_spec.taxonomy import SensitivityClass
from vox_telemetry_spec.violations import Violation

NOW = datetime(2026, 11, 21, tzinfo=UTC)
S0, S1, S2, S3 = SensitivityClass
CHECKER = Checker.load()


def question(**metadata: JsonValue) -> JsonObject:
    return {
        "metric_type": "questioning_event",
        "session_id": "q-7f3a91",
        "recorded_at": "2026-11-20T10:00:00Z",
        "metric_value": None,
        "metadata": {"name": "asked"} | metadata,
    }


def check(event: JsonValue, ceiling: SensitivityClass, *opted_in: str) -> list[tuple[str, str]]:
    found = CHECKER.check_event(event, 3, now=NOW, ceiling=ceiling, opted_in=frozenset(opted_in))
    return [(v.pointer, v.rule) for v in found]


PLAIN, JOINED = question(), question(question_id="7f3a91")
POLICY = "/metric_type"


@pytest.mark.parametrize(
    ("event", "ceiling", "opted_in", "expected"),
    [
        (PLAIN, S0, (), [(POLICY, "policy.sensitivity-class")]),
        (PLAIN, S1, (), []),
        (PLAIN, S2, (), []),
        (PLAIN, S2, ("questioning_s2",), []),
        (JOINED, S0, ("questioning_s2",), [(POLICY, "policy.sensitivity-class")]),
        (JOINED, S1, ("questioning_s2",), [(POLICY, "policy.sensitivity-class")]),
        (JOINED, S2, (), [(POLICY, "policy.opt-in")]),
        (JOINED, S2, ("questioning",), [(POLICY, "policy.opt-in")]),
        (JOINED, S2, ("mcp_surface_s2",), [(POLICY, "policy.opt-in")]),
        (JOINED, S2, ("questioning_s2",), []),
        (JOINED, S3, ("questioning_s2",), []),
    ],
)
def test_an_event_passes_with_the_first_allowed_family_that_admits_it(
    event: JsonValue,
    ceiling: SensitivityClass,
    opted_in: tuple[str, ...],
    expected: list[tuple[str, str]],
) -> None:
    assert check(event, ceiling, *opted_in) == expected


def test_a_broken_event_is_told_what_breaks_its_nearest_family() -> None:
    assert check(question(details={"a": None}), S1) == [
        ("/metadata/details/a", "contract.anyOf"),
    ]
    # The S2 contract knows the member, so it says what is wrong with it.
    assert check(question(task_id="42"), S2, "questioning_s2") == [
        ("/metadata/task_id", "contract.type"),
    ]
    assert check(question(unknown=1), S2) == [("/metadata", "contract.additionalProperties")]


def test_both_the_policy_and_the_contract_are_named_where_only_an_s2_family_exists() -> None:
    event = question() | {"metric_type": "memory_hybrid_fusion"}
    assert set(check(event, S1)) == {
        (POLICY, "policy.sensitivity-class"),
        ("/session_id", "contract.const"),
        ("/metadata", "contract.additionalProperties"),
        ("/metadata", "contract.required"),
    }


@pytest.mark.parametrize("metric_type", ["vox.lint.finding", "orch.risk.score"])
def test_a_local_kind_is_refused_whatever_was_opted_in(metric_type: object) -> None:
    event = question() | {"metric_type": metric_type}
    assert check(event, S3, metric_type.replace(".", "_")) == [
        (POLICY, "policy.transmission-class")
    ]


@pytest.mark.parametrize("metric_type", ["questioning", "Questioning_event", "", "completion_ci"])
def test_a_family_is_no_metric_type(metric_type: object) -> None:
    event = question() | {"metric_type": metric_type}
    assert check(event, S1) == [(POLICY, "contract.unknown-metric-type")]


@pytest.mark.parametrize("metric_type", [None, 1, ["questioning_event"], {}])
def test_a_metric_type_that_is_no_string_is_unknown(metric_type: object) -> None:
    event = question() | {"metric_type": metric_type}
    assert check(event, S1) == [(POLICY, "contract.unknown-metric-type")]


def test_the_index_of_the_event_is_kept() -> None:
    found = CHECKER.check_event(JOINED, 3, now=NOW, ceiling=S1)
    assert found == [Violation(3, POLICY, "policy.sensitivity-class")]


def test_family_of_an_event_is_the_least_sensitive_that_admits_it() -> None:
    family_of = CHECKER.contracts.family_of
    plain, joined = family_of(PLAIN), family_of(JOINED)
    assert plain is not None
    assert joined is not None
    assert (plain.family, joined.family) == ("questioning", "questioning_s2")
    assert family_of(question(unknown=1)) is None
    assert family_of(question() | {"metric_type": "vox.lint.finding"}) is None
    assert family_of(question() | {"metric_type": []}) is None
    assert family_of([]) is None
