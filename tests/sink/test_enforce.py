import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.events import benchmark_event
from support.uploads import Upload, new_batch_id, new_key, payload_of
from vox_telemetry_sink.enforce import enforce
from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.verify import EnrolledKey, Received, read_claim, verify
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.taxonomy import Family, SensitivityClass
from vox_telemetry_spec.times import parse_time

CHECKER = Checker.load()
NOW = datetime(2026, 11, 22, 10, 0, 0, 123_987, tzinfo=UTC)
RECORDED_AT = "2026-11-22T09:00:00.5Z"
BATCH_ID = new_batch_id()


def verified(
    payload: bytes,
    *,
    batch_id: str | None = BATCH_ID,
    ceiling: SensitivityClass = SensitivityClass.S1,
    families: frozenset[str] | None = None,
    **changes: Any,
) -> Any:
    key = new_key()
    upload = Upload(key=key, payload=payload, batch_id=batch_id, created=int(NOW.timestamp()))
    upload.changes = changes
    request = SignableRequest("POST", upload.authority, upload.path, upload.headers())
    received = Received(request, None, payload)
    enrolled = EnrolledKey(key.public, "test", ceiling, is_revoked=False, families=families)
    return verify(received, read_claim(received), enrolled, now=NOW)


def enforced(payload: bytes, **changes: Any) -> Any:
    return enforce(verified(payload, **changes), payload, CHECKER, now=NOW)


def good(**changes: Any) -> Any:
    return benchmark_event(**{"recorded_at": RECORDED_AT, **changes})


def test_a_good_batch_is_typed() -> None:
    accepted = enforced(payload_of(good(metric_value=None), good(), batch_id=BATCH_ID))
    assert accepted.batch_id == BATCH_ID
    assert accepted.received_at == datetime(2026, 11, 22, 10, 0, 0, 123_000, tzinfo=UTC)
    assert accepted.events.metric_values == [None, 0.432]
    moment = datetime(2026, 11, 22, 9, 0, 0, 500_000, tzinfo=UTC)
    assert accepted.events.recorded_at == [moment, moment]
    assert accepted.events.session_ids == ["bench:cpython-3.11"] * 2
    assert [json.loads(one) for one in accepted.events.metadata] == [good()["metadata"]] * 2


def test_an_accepted_batch_keeps_nothing_decoded() -> None:
    accepted = enforced(payload_of(good(), good(), batch_id=BATCH_ID))
    kept = {type(member) for column in accepted.events for member in column}
    assert kept == {Family, str, datetime, float, bytes}


@given(st.timedeltas(timedelta(), timedelta(days=300)), st.integers(0, 9))
def test_times_are_typed_to_the_microsecond_that_parse_time_reads(
    age: timedelta, digits: int
) -> None:
    moment = NOW - age
    fraction = f".{moment.microsecond:06}789"[: digits + 1] if digits else ""
    text = f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"
    accepted = enforced(payload_of(good(recorded_at=text), batch_id=BATCH_ID))
    assert accepted.events.recorded_at == [parse_time(text)]


def test_nobody_else_makes_an_accepted() -> None:
    accepted = enforced(payload_of(good(), batch_id=BATCH_ID))
    with pytest.raises(RuntimeError, match="made by enforce"):
        replace(accepted, made_by=object())


def test_another_id_than_the_signed_one_is_refused() -> None:
    with pytest.raises(RefusalError, match="not the batch_id of the payload") as caught:
        enforced(payload_of(good(), batch_id=new_batch_id()))
    assert caught.value.problem is ProblemType.IDEMPOTENCY_KEY_MISMATCH


def test_one_bad_event_refuses_the_batch_with_its_place() -> None:
    payload = payload_of(good(), good(metric_value="1"), batch_id=BATCH_ID)
    with pytest.raises(RefusalError, match="in 1 place") as caught:
        enforced(payload)
    assert [(v.event, v.pointer, v.rule) for v in caught.value.violations] == [
        (1, "/metric_value", "contract.type")
    ]


def test_it_looks_no_further_than_an_answer_could_list() -> None:
    payload = payload_of(*(good(metric_value="1") for _ in range(150)), batch_id=BATCH_ID)
    with pytest.raises(RefusalError, match="in at least 100 place") as caught:
        enforced(payload)
    assert len(caught.value.violations) == 100


def test_times_are_checked_against_our_clock() -> None:
    payload = payload_of(
        good(recorded_at=(NOW + timedelta(seconds=700)).strftime("%Y-%m-%dT%H:%M:%SZ")),
        batch_id=BATCH_ID,
    )
    with pytest.raises(RefusalError) as caught:
        enforced(payload)
    assert [v.rule for v in caught.value.violations] == ["time.in-the-future"]


@pytest.mark.parametrize(
    ("payload", "problem", "rule"),
    [
        (b'{"a":1,"a":2}', ProblemType.BODY_MALFORMED, "json.duplicate-name"),
        (b"[NaN]", ProblemType.BODY_MALFORMED, "json."),
        (b"\xff", ProblemType.BODY_MALFORMED, "json.encoding"),
        (b"[]", ProblemType.CONTRACT_REFUSED, "contract.type"),
        (b"{}", ProblemType.CONTRACT_REFUSED, "contract.required"),
    ],
)
def test_what_is_no_batch_is_refused_with_its_rule(
    payload: bytes, problem: ProblemType, rule: str
) -> None:
    with pytest.raises(RefusalError) as caught:
        enforced(payload)
    assert caught.value.problem is problem
    assert caught.value.violations[0].rule.startswith(rule)


def s2_event() -> Any:
    examples = json.loads(
        read_contract("contracts/examples/usage-event-mcp-surface-s2.examples.json")
    )
    return next(one["event"] for one in examples["valid"] if one["comment"] == "all members")


def found(payload: bytes, **rights: Any) -> list[tuple[int | None, str, str]]:
    with pytest.raises(RefusalError) as caught:
        enforced(payload, **rights)
    assert caught.value.problem is ProblemType.CONTRACT_REFUSED
    return [(one.event, one.pointer, one.rule) for one in caught.value.violations]


def test_a_family_that_the_key_does_not_name_is_refused_with_its_place() -> None:
    payload = payload_of(good(), good(), batch_id=BATCH_ID)
    assert enforced(payload, families=frozenset({"benchmark", "error"}))
    assert found(payload, families=frozenset({"error"})) == [
        (0, "/metric_type", "policy.family-of-key"),
        (1, "/metric_type", "policy.family-of-key"),
    ]


def test_s2_takes_the_ceiling_and_the_family_by_name() -> None:
    payload = payload_of(s2_event(), batch_id=BATCH_ID)
    named = frozenset({"mcp_surface_s2"})
    accepted = enforced(payload, ceiling=SensitivityClass.S2, families=named)
    assert [family.family for family in accepted.events.families] == ["mcp_surface_s2"]
    sensitivity = [(0, "/metric_type", "policy.sensitivity-class")]
    assert found(payload, families=named) == sensitivity
    assert found(payload) == sensitivity
    opt_in = [(0, "/metric_type", "policy.opt-in")]
    assert found(payload, ceiling=SensitivityClass.S2) == opt_in
    assert found(payload, ceiling=SensitivityClass.S2, families=frozenset({"benchmark"})) == opt_in
