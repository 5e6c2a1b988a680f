"""What operating-sink.md says of retention, views, k-anonymity and export is what the code does."""

import re

from support.checkouts import ROOT
from vox_telemetry_sink.database import PARTITIONS_MADE_AHEAD_MONTHS
from vox_telemetry_sink.retention import TIME_COLUMNS
from vox_telemetry_spec import limits
from vox_telemetry_spec.retention import load_policy

TEXT = (ROOT / "docs" / "operating-sink.md").read_text(encoding="utf-8")
PAGE = " ".join(TEXT.split())
SCHEMA = (ROOT / "sink/vox_telemetry_sink/sql/schema.sql").read_text(encoding="utf-8")
DAY_S = 86_400


def test_the_figures_are_the_codes() -> None:
    known = limits.BATCH_ID_KNOWN_S // DAY_S, limits.RECORDED_AT_MAX_AGE_S // DAY_S
    for sentence in (
        f"goes {known[0]} days after the batch came",
        f"older than the {known[1]} days that the contract allows",
        f"or {limits.RETENTION_CHUNK_MAX_COUNT:,} rows",
        f"and tries again, {limits.LOCK_TRIES_MAX_COUNT} times in all",
        f"wait for a lock for up to {limits.STORE_LOCK_DEADLINE_MS // 1_000} seconds",
        f"are in it: {limits.ANONYMITY_MIN_KEYS} by default and never fewer",
    ):
        assert sentence in PAGE, sentence
    assert limits.OPERATOR_LOCK_DEADLINE_MS == 500  # half a second
    assert PARTITIONS_MADE_AHEAD_MONTHS == 4  # this month and the next three


def test_the_rules_are_those_of_the_packaged_policy() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| (\d+ days by `\w+`|kept) \|", TEXT, re.MULTILINE))
    policy = load_policy()
    assert told == {
        table: f"{policy[table].days} days by `{column}`" if policy[table].days else "kept"
        for table, column in TIME_COLUMNS.items()
    }


def test_each_view_that_is_named_exists_and_the_other_way_round() -> None:
    views = set(re.findall(r"^CREATE VIEW (\w+)", SCHEMA, re.MULTILINE))
    table = TEXT.partition("| view | one row is |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`((?:daily|all|event|events|key)_[a-z_]+)`", table))
    assert named <= views
    families = {name for name in views if re.match(r"event_|daily_(?!events|rejections)", name)}
    assert views - families <= named
