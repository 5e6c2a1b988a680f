import json
from datetime import UTC, datetime
from typing import Any

import pytest

from support.events import benchmark_event
from vox_telemetry_client.check import Rules
from vox_telemetry_client.repair import OnForbidden, Outcome, Repair, Repaired, is_forbidden
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.forbidden.rules import load_name_rules, load_value_rules
from vox_telemetry_spec.redaction import keyed_hash

SALT = bytes(range(32))
PATH = "/home/alice/x"
LANE_HASH = "hmac-sha256:f439bd86322b165c1ffb025bcff61e3a6ca736db42d639c7b4d22cf8575ec171"


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules(Checker.load(), datetime.now(UTC))


def repaired(rules: Rules, how: str, event: Any) -> Outcome:
    repair = Repair(OnForbidden(how), lambda value: keyed_hash(value, SALT))
    outcome = repair(
        event, rules.violations_of(event, 0), lambda value: rules.violations_of(value, 0)
    )
    assert "alice" not in repr((outcome.done, outcome.refused))
    assert outcome.is_kept == (outcome.event is not None)
    assert not outcome.is_kept or rules.violations_of(outcome.event, 0) == []
    return outcome


def test_every_forbidden_rule_is_one_and_no_other_is() -> None:
    names = [rule.id for rule in (*load_name_rules().rules, *load_value_rules())]
    assert len(names) > 50
    assert all(map(is_forbidden, (*names, "content.long-text", "content.nested-text")))
    assert not any(
        map(is_forbidden, ["contract.pattern", "json.syntax", "policy.opt-in", "time.too-old"])
    )


def test_refuse_is_the_default_and_changes_nothing(rules: Rules) -> None:
    event = benchmark_event(details={"lane": PATH})
    found = rules.violations_of(event, 0)
    assert found
    assert Repair()(event, found, lambda _: []) == Outcome(refused=tuple(found))


def test_omit_leaves_out_a_member_that_the_contract_lets_be_absent(rules: Rules) -> None:
    event = benchmark_event(details={"lane": PATH, "ms": 3})
    outcome = repaired(rules, "omit", event)
    assert outcome.event == benchmark_event(details={"ms": 3}, recorded_at=event["recorded_at"])
    assert {(one.pointer, how) for one, how in outcome.done} == {
        ("/metadata/details/lane", Repaired.MEMBER_OMITTED)
    }
    assert event["metadata"]["details"] == {"lane": PATH, "ms": 3}


def test_omit_leaves_out_the_event_where_the_contract_wants_the_member(rules: Rules) -> None:
    for event in (benchmark_event(name=PATH), benchmark_event(session_id=f"bench:{PATH}")):
        outcome = repaired(rules, "omit", event)
        assert (outcome.event, outcome.refused) == (None, ())
        assert {how for _, how in outcome.done} == {Repaired.EVENT_OMITTED}
        assert all(is_forbidden(one.rule) for one, _ in outcome.done)


@pytest.mark.parametrize("name", ["prompt", "user_email", "alice@example.org", PATH])
def test_omit_leaves_out_a_forbidden_name_with_its_value(rules: Rules, name: str) -> None:
    outcome = repaired(rules, "omit", benchmark_event(details={name: 1, "ms": 3}))
    assert isinstance(outcome.event, dict)
    assert json.loads(json.dumps(outcome.event))["metadata"]["details"] == {"ms": 3}


def test_omit_leaves_out_the_event_where_the_place_cannot_be_told(rules: Rules) -> None:
    # The name itself is a secret and looks like any other, so the place is not shown.
    event = benchmark_event(details={"ghp_" + "a1B2" * 9: 1, "ms": 3})
    outcome = repaired(rules, "omit", event)
    assert (outcome.event, outcome.refused) == (None, ())
    assert {(one.pointer, how) for one, how in outcome.done} == {
        ("/metadata/details/*", Repaired.EVENT_OMITTED)
    }


@pytest.mark.parametrize("how", ["omit", "hash"])
@pytest.mark.parametrize(
    "wrong",
    [{"recorded_at": "2001-01-01T00:00:00Z"}, {"metric_value": "7"}, {"unknown": 1}],
)
def test_an_event_that_is_wrong_for_another_reason_stays_refused(
    rules: Rules, how: str, wrong: dict[str, Any]
) -> None:
    plain = benchmark_event(**wrong)
    assert repaired(rules, how, plain).refused == tuple(rules.violations_of(plain, 0))
    both = benchmark_event(details={"lane": PATH}, **wrong)
    outcome = repaired(rules, how, both)
    assert outcome.refused == tuple(rules.violations_of(plain, 0))
    assert outcome.done == ()
    required = repaired(rules, how, benchmark_event(name=PATH, **wrong))
    assert required.refused


def test_hash_puts_a_keyed_hash_where_the_contract_admits_a_token(rules: Rules) -> None:
    event = benchmark_event(details={"lane": PATH, "ms": 3}, name="alice@example.org")
    outcome = repaired(rules, "hash", event)
    assert isinstance(outcome.event, dict)
    metadata = json.loads(json.dumps(outcome.event))["metadata"]
    # Made with: openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f
    assert metadata["details"]["lane"] == LANE_HASH
    assert metadata["name"].startswith("hmac-sha256:")
    assert {how for _, how in outcome.done} == {Repaired.HASHED}
    assert {one.pointer for one, _ in outcome.done} == {"/metadata/details/lane", "/metadata/name"}


def test_hash_is_checked_again_and_refused_where_no_token_may_stand(rules: Rules) -> None:
    outcome = repaired(rules, "hash", benchmark_event(session_id=f"bench:{PATH}"))
    assert {(one.pointer, one.rule) for one in outcome.refused} == {
        ("/session_id", "contract.pattern")
    }


@pytest.mark.parametrize("name", ["prompt", "alice@example.org", PATH])
def test_hash_never_hashes_a_forbidden_name(rules: Rules, name: str) -> None:
    outcome = repaired(rules, "hash", benchmark_event(details={name: PATH}))
    assert outcome.event is None
    assert any(is_forbidden(one.rule) for one in outcome.refused)


def test_items_of_a_list_are_repaired_like_members() -> None:
    from vox_telemetry_spec.violations import Violation

    found = [Violation(0, "/a/1", "path.posix"), Violation(0, "/a/3", "path.posix")]
    event = {"a": ["w", PATH, ["x"], PATH, "z"]}
    omitted = Repair(OnForbidden.OMIT)(event, found, lambda _: [])
    assert omitted.event == {"a": ["w", ["x"], "z"]}
    hashed = Repair(OnForbidden.HASH, len)(event, found, lambda _: [])  # type: ignore[arg-type]
    assert hashed.event == {"a": ["w", len(PATH), ["x"], len(PATH), "z"]}
