from datetime import UTC, date, datetime, timedelta

import pytest

from support.events import benchmark_event
from vox_telemetry_sink.retention import ID_KNOWN, Limits, expired_months, limits_of, month_bounds
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.errors import RetentionRefusedError
from vox_telemetry_spec.retention import RetentionRule, load_policy, parse_policy
from vox_telemetry_spec.taxonomy import SensitivityClass

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)


def policy(**rules: str) -> dict[str, RetentionRule]:
    lines = "".join(f"  {table}: {{{rule}}}\n" for table, rule in rules.items())
    return parse_policy(f"tables:\n{lines}".encode(), "test")


def test_the_packaged_policy_keeps_raw_events_for_180_days() -> None:
    assert limits_of(load_policy(), NOW) == Limits(
        events=datetime(2026, 5, 26, 4, tzinfo=UTC),
        bodies=datetime(2026, 5, 26, 4, tzinfo=UTC),
        batches=NOW - timedelta(days=401),
        rejections=datetime(2026, 5, 26, 4, tzinfo=UTC),
        codes=datetime(2026, 10, 23, 4, tzinfo=UTC),
        admin_log=None,
        duplicates=datetime(2026, 5, 26, 4, tzinfo=UTC),
    )


def test_an_id_is_known_until_the_contract_refuses_its_events() -> None:
    last = NOW + timedelta(minutes=10)  # the latest time that an event of a batch of NOW may have
    event = benchmark_event(recorded_at=last.strftime("%Y-%m-%dT%H:%M:%SZ"))
    for known, rules in ((timedelta(days=400), []), (ID_KNOWN, ["time.too-old"])):
        checked = Checker.load().check_batch(
            [event],
            now=NOW + known,
            ceiling=SensitivityClass.S1,
            opted_in=frozenset(),
            at_most=9,
        )
        assert [violation.rule for violation in checked.violations] == rules
    assert timedelta(days=401) == ID_KNOWN
    soon = policy(
        event="kind: days, days: 1, time_column: received_at",
        batch="kind: days, days: 1, time_column: received_at",
    )
    assert limits_of(soon, NOW).batches == NOW - ID_KNOWN


def test_a_batch_is_known_as_long_as_its_events_live() -> None:
    late = policy(
        event="kind: days, days: 1000, time_column: received_at",
        batch="kind: days, days: 1000, time_column: received_at",
    )
    assert limits_of(late, NOW).batches == NOW - timedelta(days=1031)
    forever = policy(event="kind: keep_forever", batch="kind: keep_forever")
    assert limits_of(forever, NOW) == Limits(None, None, None, None, None, None, None)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"client_key": "kind: days, days: 9, time_column: enrolled_at"}, "client_key.*is never"),
        ({"event": "kind: days, days: 9, time_column: recorded_at"}, "by 'recorded_at', expected"),
        ({"rejection": "kind: ms_days, days: 9, time_column: rejected_at"}, "has kind ms_days"),
        ({"enrolment_code": "kind: expires_lt_now, time_column: expires_at"}, "expires_lt_now"),
        (
            {
                "event": "kind: days, days: 9, time_column: received_at",
                "batch": "kind: days, days: 10, time_column: received_at",
            },
            "kept longer than 'event'",
        ),
        ({"event": "kind: days, days: 9, time_column: received_at"}, "kept longer than 'event'"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(rules: dict[str, str], message: str) -> None:
    with pytest.raises(RetentionRefusedError, match=message):
        limits_of(policy(**rules), NOW)


def test_a_month_goes_when_its_last_day_is_past_the_limit() -> None:
    months = [date(2025, 12, 1), date(2026, 4, 1), date(2026, 5, 1)]
    assert expired_months(months, datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC)) == months[:2]
    assert expired_months(months, datetime(2026, 6, 1, tzinfo=UTC)) == months
    assert expired_months(months, datetime(2026, 4, 30, 23, tzinfo=UTC)) == months[:1]
    assert expired_months(months, None) == []


def test_the_bounds_of_a_month_are_those_of_utc() -> None:
    assert month_bounds(date(2026, 12, 1)) == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
    )
