import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from support.events import REPOSITORY, lane_events, usage_events
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.forbidden import load_scanner
from vox_telemetry_spec.limits import METADATA_MAX_BYTES, SESSION_ID_MAX_BYTES
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.strict_json import decode, encode
from vox_telemetry_spec.taxonomy import SensitivityClass, TransmissionClass
from vox_telemetry_spec.violations import Violation

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CASES = [
    json.loads(line)
    for line in (REPOSITORY / "tests/data/forbidden-fields.jsonl").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker.load()


def _event(**changes: Any) -> dict[str, Any]:
    event = {
        "metric_type": "benchmark_event",
        "session_id": "bench:cpython-3.11",
        "recorded_at": "2026-11-21T10:00:00Z",
        "metric_value": 12.5,
        "metadata": {"name": "ci_build_timings", "metric_value_unit": "seconds"},
    }
    return event | changes


def _metadata(**changes: Any) -> dict[str, Any]:
    return _event(metadata=_event()["metadata"] | changes)


def _check(
    checker: Checker,
    event: Any,
    *,
    index: int = 0,
    now: datetime = NOW,
    ceiling: SensitivityClass = SensitivityClass.S1,
) -> list[Violation]:
    return checker.check_event(event, index, now=now, ceiling=ceiling)


def test_every_real_event_may_be_uploaded(checker: Checker) -> None:
    events = usage_events()
    refused = [
        found for at, event in enumerate(events) for found in _check(checker, event, index=at)
    ]
    assert (len(events), refused) == (8828, [])


def test_every_example_event_may_be_uploaded(checker: Checker) -> None:
    events = lane_events()
    refused = [
        found for at, event in enumerate(events) for found in _check(checker, event, index=at)
    ]
    assert (len(events), refused) == (251, [])


def test_the_corpus_is_whole() -> None:
    assert len(CASES) == 108
    assert set(Counter(case["expect"] for case in CASES)) == {"refuse", "accept"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}-{case['category']}")
def test_the_corpus_of_forbidden_fields(case: dict[str, str], checker: Checker) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    try:
        found = _check(checker, decode(case["line"].encode()), now=now)
        refused = bool(found)
    except JsonRefusedError:
        refused = True
    assert refused is (case["expect"] == "refuse")


@pytest.mark.parametrize(
    "event",
    [
        _event(),
        _event(metric_value=None),
        _event(metric_value=0),
        _event(metric_value=-1e308),
        _event(session_id="bench:" + "a" * 128),
        _event(recorded_at="2026-11-21T10:00:00.123456789Z"),
        _event(metadata={"name": "n"}),
        _metadata(name="n" * 128),
        _metadata(repository_id="d820b80d21b5d07a"),
        _metadata(details={}),
        _metadata(details={"a": 1, "b": 0.5, "c": True, "d": "tok-1.2:x+y_z"}),
        _metadata(details={f"n{i}": i for i in range(32)}),
        _metadata(details={"a" * 64: 1}),
        _metadata(details={"a": "n" * 128}),
    ],
)
def test_what_the_contract_admits_passes(event: dict[str, Any], checker: Checker) -> None:
    assert _check(checker, event) == []


@pytest.mark.parametrize(
    ("event", "pointer", "rule"),
    [
        (_event(metric_value="12.5"), "/metric_value", "contract.type"),
        (_event(metric_value=True), "/metric_value", "contract.type"),
        (_event(metric_value=[]), "/metric_value", "contract.type"),
        (_event(session_id="bench:"), "/session_id", "contract.pattern"),
        (_event(session_id="bench:" + "a" * 129), "/session_id", "contract.pattern"),
        (_event(session_id="mcp:d820b80d21b5d07a"), "/session_id", "contract.pattern"),
        (_event(session_id="d820b80d21b5d07a"), "/session_id", "contract.pattern"),
        (_event(session_id=" bench:a1"), "/session_id", "contract.pattern"),
        (_event(session_id="bench:a1\n"), "/session_id", "contract.pattern"),
        (_event(session_id="bench:a:b"), "/session_id", "contract.pattern"),
        (_event(session_id=7), "/session_id", "contract.type"),
        (_event(recorded_at=1_795_334_400), "/recorded_at", "contract.type"),
        (_event(metadata=None), "/metadata", "contract.type"),
        (_event(metadata=[]), "/metadata", "contract.type"),
        (_event(metadata={}), "/metadata", "contract.required"),
        (_event(sensitivity="S0"), "", "contract.additionalProperties"),
        (_metadata(host="h"), "/metadata", "contract.additionalProperties"),
        (_metadata(name=""), "/metadata/name", "contract.pattern"),
        (_metadata(name="n" * 129), "/metadata/name", "contract.pattern"),
        (_metadata(name="n\u00e9"), "/metadata/name", "contract.pattern"),
        (_metadata(name=None), "/metadata/name", "contract.type"),
        (_metadata(repository_id="a b"), "/metadata/repository_id", "contract.pattern"),
        (_metadata(metric_value_unit="Seconds"), "/metadata/metric_value_unit", "contract.enum"),
        (_metadata(metric_value_unit=None), "/metadata/metric_value_unit", "contract.enum"),
        (_metadata(details=[]), "/metadata/details", "contract.type"),
        (_metadata(details={"a" * 65: 1}), "/metadata/details", "contract.pattern"),
        (_metadata(details={"A": 1}), "/metadata/details", "contract.pattern"),
        (_metadata(details={"": 1}), "/metadata/details", "contract.pattern"),
        (_metadata(details={"a": {}}), "/metadata/details/a", "contract.anyOf"),
        (_metadata(details={"a": "n" * 129}), "/metadata/details/a", "contract.anyOf"),
        (_metadata(details={"a": ""}), "/metadata/details/a", "contract.anyOf"),
        (
            _metadata(details={f"n{i}": i for i in range(33)}),
            "/metadata/details",
            "contract.maxProperties",
        ),
    ],
)
def test_what_it_does_not_admit_is_refused_at_its_place(
    event: dict[str, Any], pointer: str, rule: str, checker: Checker
) -> None:
    assert Violation(7, pointer, rule) in _check(checker, event, index=7)


@pytest.mark.parametrize("name", _event())
def test_each_member_is_required(name: str, checker: Checker) -> None:
    event = {other: value for other, value in _event().items() if other != name}
    place, rule = (
        ("/metric_type", "contract.unknown-metric-type")
        if name == "metric_type"
        else ("", "contract.required")
    )
    assert _check(checker, event) == [Violation(0, place, rule)]


@pytest.mark.parametrize("event", [None, True, 1, 1.5, "x", [], [_event()]])
def test_an_event_is_an_object(event: Any, checker: Checker) -> None:
    assert _check(checker, event, index=3) == [Violation(3, "", "contract.type")]


@pytest.mark.parametrize(
    "metric_type", ["workflow_event", "Benchmark_event", "", None, 1, ["benchmark_event"]]
)
def test_an_unregistered_kind_is_refused(metric_type: Any, checker: Checker) -> None:
    found = _check(checker, _event(metric_type=metric_type))
    assert found == [Violation(0, "/metric_type", "contract.unknown-metric-type")]


@pytest.mark.parametrize("age", [timedelta(seconds=-600), timedelta(0), timedelta(days=400)])
def test_the_window_of_recorded_at_includes_its_ends(age: timedelta, checker: Checker) -> None:
    text = (NOW - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert _check(checker, _event(recorded_at=text)) == []


@pytest.mark.parametrize(
    ("recorded_at", "rule"),
    [
        ("2026-11-22T00:10:00.001Z", "time.in-the-future"),
        ("2026-11-22T00:10:01Z", "time.in-the-future"),
        ("9999-12-31T23:59:59Z", "time.in-the-future"),
        ("2025-10-17T23:59:59Z", "time.too-old"),
        ("2025-10-17T23:59:59.999Z", "time.too-old"),
        ("0001-01-01T00:00:00Z", "time.too-old"),
        ("2026-02-30T00:00:00Z", "time.invalid"),
        ("2026-11-21T24:00:00Z", "time.invalid"),
        ("2026-11-21T23:59:60Z", "time.invalid"),
        ("2026-11-21T10:00:00z", "time.invalid"),
        ("2026-11-21T10:00:00+00:00", "time.invalid"),
        ("2026-11-21T10:00:00", "time.invalid"),
        ("yesterday", "time.invalid"),
        ("", "time.invalid"),
    ],
)
def test_other_times_are_refused(recorded_at: str, rule: str, checker: Checker) -> None:
    found = _check(checker, _event(recorded_at=recorded_at))
    assert Violation(0, "/recorded_at", rule) in found
    assert {violation.pointer for violation in found} == {"/recorded_at"}


def _checker_of(**changes: Any) -> Checker:
    """Make a checker whose benchmark family is declared otherwise."""
    [family] = [f for f in Registry.load().families if f.metric_type == "benchmark_event"]
    return Checker(Contracts(Registry([], [structs.replace(family, **changes)])), load_scanner())


@pytest.mark.parametrize("ceiling", SensitivityClass)
@pytest.mark.parametrize("declared", SensitivityClass)
def test_a_family_above_the_ceiling_is_refused(
    declared: SensitivityClass, ceiling: SensitivityClass
) -> None:
    found = _check(_checker_of(sensitivity_class=declared), _event(), ceiling=ceiling)
    above = int(declared.value[1]) > int(ceiling.value[1]) or declared is SensitivityClass.S3
    if above:
        assert found == [Violation(0, "/metric_type", "policy.sensitivity-class")]
    elif declared is SensitivityClass.S2:  # tests/spec/test_checking_families.py opts in
        assert found == [Violation(0, "/metric_type", "policy.opt-in")]
    else:
        assert found == []


@pytest.mark.parametrize(
    "declared", [TransmissionClass.LOCAL_ONLY, TransmissionClass.EXPLICIT_OPERATOR_EXPORT]
)
def test_a_family_that_may_not_be_uploaded_is_refused(declared: TransmissionClass) -> None:
    found = _check(_checker_of(transmission_class=declared), _event(), ceiling=SensitivityClass.S3)
    assert found == [Violation(0, "/metric_type", "policy.transmission-class")]


def test_forbidden_rules_run_on_what_the_contract_admits(checker: Checker) -> None:
    found = _check(checker, _metadata(details={"lane": "AKIA" + "IOSFODNN7EXAMPLQ"}))
    assert [violation.pointer for violation in found] == ["/metadata/details/lane"]
    assert not found[0].rule.startswith(("contract.", "time."))


def test_everything_wrong_is_reported_sorted_and_without_a_value(checker: Checker) -> None:
    event = _event(
        session_id="/home/hunter2", recorded_at="2026-02-30T00:00:00Z", metric_value="hunter2"
    )
    found = _check(checker, event, index=5)
    assert found == sorted(set(found))
    assert {"/session_id", "/recorded_at", "/metric_value"} <= {v.pointer for v in found}
    assert "hunter2" not in repr(found)


def test_the_largest_event_of_the_contract_stays_under_the_row_limits(checker: Checker) -> None:
    token = "z" * 128
    event = _event(
        session_id="bench:" + token,
        metadata={
            "name": token,
            "repository_id": token,
            "metric_value_unit": "operations_per_second",
            "details": {
                f"{'k' * 62}{chr(97 + i // 26)}{chr(97 + i % 26)}": token for i in range(32)
            },
        },
    )
    assert [v for v in _check(checker, event) if v.rule.startswith("contract.")] == []
    assert len(encode(event["metadata"])) < METADATA_MAX_BYTES // 16
    assert len(event["session_id"]) < SESSION_ID_MAX_BYTES
