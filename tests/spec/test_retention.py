"""The retention policy: the packaged rows, what a policy may say, and when a row goes."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.errors import RetentionRefusedError
from vox_telemetry_spec.retention import (
    RetentionKind,
    RetentionRule,
    cutoff,
    is_expired,
    load_policy,
    parse_policy,
    tables_without_rule,
    to_unix_ms,
)

ORIGINAL = Path(__file__).parents[1] / "data" / "original-retention-policy.yaml"
SCHEMA = json.loads(read_contract("contracts/db/retention-policy.schema.json"))
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAYS = RetentionRule(RetentionKind.DAYS, 30, "created_at")
MS_DAYS = RetentionRule(RetentionKind.MS_DAYS, 30, "created_at_ms")
EXPIRES = RetentionRule(RetentionKind.EXPIRES_LT_NOW, None, "expires_at")
KEEP = RetentionRule(RetentionKind.KEEP_FOREVER)
MANUAL = RetentionRule(RetentionKind.MANUAL)


def test_every_rule_of_the_original_is_kept() -> None:
    ours = yaml.safe_load(read_contract("contracts/db/retention-policy.yaml"))["tables"]
    theirs = yaml.safe_load(ORIGINAL.read_text(encoding="utf-8"))["tables"]
    assert len(theirs) == 13
    assert {table: ours[table] for table in theirs} == theirs


@pytest.mark.parametrize(
    ("table", "kind", "days", "time_column"),
    [
        ("research_metrics", "days", 365, "created_at"),
        ("event", "days", 180, "received_at"),
        ("batch", "days", 180, "received_at"),
        ("rejection", "days", 180, "rejected_at"),
        ("client_key", "keep_forever", None, None),
        ("admin_log", "keep_forever", None, None),
        ("schema_migration", "keep_forever", None, None),
    ],
)
def test_every_table_of_ours_has_a_rule(
    table: str, kind: str, days: int | None, time_column: str | None
) -> None:
    rule = load_policy()[table]
    assert (rule.kind.value, rule.days, rule.time_column) == (kind, days, time_column)


def test_packaged_policy_obeys_its_schema() -> None:
    jsonschema_rs.validate(
        SCHEMA, yaml.safe_load(read_contract("contracts/db/retention-policy.yaml"))
    )


def test_tables_without_a_rule_are_named() -> None:
    assert tables_without_rule(["event", "new_table", "batch", "a", "a"], load_policy()) == [
        "a",
        "new_table",
    ]
    assert tables_without_rule([], load_policy()) == []


GOOD = [
    "t: {kind: days, days: 1, time_column: at}",
    "t: {kind: ms_days, days: 36500, time_column: at}",
    "t: {kind: expires_lt_now, time_column: at}",
    "t: {kind: manual}",
    f"{'t' * 128}: {{kind: keep_forever}}",
]
BAD = [
    ("t: {kind: days, time_column: at}", "table 't' of kind days has no days"),
    ("t: {kind: ms_days, time_column: at}", "table 't' of kind ms_days has no days"),
    ("t: {kind: days, days: 1}", "table 't' of kind days has no time_column"),
    ("t: {kind: ms_days, days: 1}", "table 't' of kind ms_days has no time_column"),
    ("t: {kind: expires_lt_now}", "table 't' of kind expires_lt_now has no time_column"),
    (
        "t: {kind: expires_lt_now, days: 1, time_column: at}",
        "has days, which that kind does not read",
    ),
    ("t: {kind: manual, days: 1}", "has days, which that kind does not read"),
    ("t: {kind: keep_forever, time_column: at}", "has time_column, which that kind does not read"),
    ("t: {kind: days, days: 0, time_column: at}", "has days 0, expected 1 to 36500"),
    ("t: {kind: days, days: -1, time_column: at}", "has days -1, expected 1 to 36500"),
    ("t: {kind: days, days: 36501, time_column: at}", "has days 36501, expected 1 to 36500"),
    ("t: {kind: days, days: 1.5, time_column: at}", "is no retention policy"),
    ("t: {kind: days, days: true, time_column: at}", "is no retention policy"),
    ("t: {kind: days, days: '1', time_column: at}", "is no retention policy"),
    ("t: {kind: weeks, days: 1, time_column: at}", "is no retention policy"),
    ("t: {kind: manual, owner: me}", "is no retention policy"),
    ("t: {}", "is no retention policy"),
    ("'t; DROP TABLE x': {kind: manual}", "no plain identifier"),
    ("'': {kind: manual}", "no plain identifier"),
    ("tä: {kind: manual}", "no plain identifier"),
    ('"t\\n": {kind: manual}', "no plain identifier"),
    (f"{'t' * 129}: {{kind: manual}}", "no plain identifier"),
    ("t: {kind: days, days: 1, time_column: 'a b'}", "no plain identifier"),
]


@pytest.mark.parametrize("row", GOOD)
def test_a_sound_rule_is_taken_by_model_and_schema(row: str) -> None:
    text = f"tables:\n  {row}\n"
    assert len(parse_policy(text.encode(), "p.yaml")) == 1
    assert jsonschema_rs.is_valid(SCHEMA, yaml.safe_load(text))


@pytest.mark.parametrize(("row", "message"), BAD)
def test_an_unsound_rule_is_refused_by_model_and_schema(row: str, message: str) -> None:
    text = f"tables:\n  {row}\n"
    with pytest.raises(RetentionRefusedError, match=r"^p\.yaml") as caught:
        parse_policy(text.encode(), "p.yaml")
    assert message in str(caught.value)
    assert not jsonschema_rs.is_valid(SCHEMA, yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tables",
        "tables: []",
        "tables: {}\nmore: 1\n",
        "tables: [",
        "tables: {1: {kind: manual}}",
        "tables:\n  t: {kind: manual}\n  t: {kind: keep_forever}\n",
        "a: !!python/name:os.system\n",
    ],
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(RetentionRefusedError, match=r"^p\.yaml is no retention policy"):
        parse_policy(text.encode(), "p.yaml")


def test_cutoff_is_a_real_time() -> None:
    assert cutoff(DAYS, NOW) == datetime(2026, 10, 22, 12, 0, tzinfo=UTC)
    assert cutoff(MS_DAYS, NOW) == datetime(2026, 10, 22, 12, 0, tzinfo=UTC)
    assert cutoff(EXPIRES, NOW) == NOW
    assert cutoff(KEEP, NOW) is None
    assert cutoff(MANUAL, NOW) is None


def test_unix_ms_of_the_cutoff_is_the_originals_arithmetic() -> None:
    now_ms = 1_795_262_400_123
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=now_ms)
    limit = cutoff(MS_DAYS, now)
    assert limit is not None
    assert to_unix_ms(limit) == now_ms - 30 * 86_400_000
    assert to_unix_ms(NOW.astimezone(timezone(timedelta(hours=2)))) == to_unix_ms(NOW)


@pytest.mark.parametrize(
    ("rule", "stored", "expired"),
    [
        # The cutoff's own day, in both spellings: the original kept the first of each pair.
        (DAYS, "2026-10-22T11:59:59Z", True),
        (DAYS, "2026-10-22 11:59:59", True),
        (DAYS, "2026-10-22T00:00:00Z", True),
        (DAYS, "2026-10-22T12:00:00Z", False),
        (DAYS, "2026-10-22 12:00:00", False),
        (DAYS, "2026-10-22T12:00:01Z", False),
        (DAYS, "2026-10-22T11:59:59.999999Z", True),
        (DAYS, "2026-10-22T13:59:59+02:00", True),
        (DAYS, "2026-10-22T11:59:59-02:00", False),
        (DAYS, None, False),
        (DAYS, "yesterday", False),
        (DAYS, "2026-02-30 00:00:00", False),
        (DAYS, "2020-01-01T24:00:00Z", False),
        (DAYS, "2020-W01-1", False),
        (DAYS, 0, False),
        (MS_DAYS, 1_792_670_399_999, True),
        (MS_DAYS, 1_792_670_400_000, False),
        (MS_DAYS, "2020-01-01 00:00:00", False),
        (EXPIRES, "2026-11-21T11:59:59Z", True),
        (EXPIRES, "2026-11-21T12:00:00Z", False),
        (EXPIRES, None, False),
        (EXPIRES, 0, False),
        (KEEP, "1970-01-01 00:00:00", False),
        (MANUAL, 0, False),
    ],
)
def test_a_row_goes_when_its_time_is_strictly_earlier(
    rule: RetentionRule, stored: str | int | None, expired: bool
) -> None:
    assert is_expired(rule, stored, NOW) is expired
