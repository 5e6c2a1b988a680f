import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.cli import Ran, run_cli
from support.postgres import in_own_loop
from support.stored import run, store_batch

POLICY = """tables:
  event: {kind: days, days: 5, time_column: received_at}
  batch: {kind: days, days: 5, time_column: received_at}
"""


@pytest.fixture
def aged_url(database_url: str) -> str:
    """Give a database with a batch of ten days and one of today."""
    for days in (0, 10):
        moment = datetime.now(UTC) - timedelta(days=days)
        in_own_loop(lambda moment=moment: store_batch(database_url, moment))
    return database_url


def retention(url: str, *args: str | Path) -> Ran:
    env = {"VOX_SINK_DATABASE_URL": url}
    return run_cli("vox-telemetry-sink", "retention", *args, env=env)


def bodies(url: str) -> int:
    counted = "SELECT count(coded_body) FROM batch"
    found: int = in_own_loop(lambda: run(url, counted))[0][0]
    return found


def test_a_plan_is_dry_and_the_packaged_policy_is_the_default(aged_url: str) -> None:
    ran = retention(aged_url, "plan", "--json")
    assert ran.code == 0
    document = json.loads(ran.out)
    assert document["policy"] == "contracts/db/retention-policy.yaml"
    assert (document["partitions"], document["bodies"]) == ({}, 0)
    assert document["before"]["admin_log"] is None
    assert bodies(aged_url) == 2


def test_apply_needs_i_understand(aged_url: str) -> None:
    ran = retention(aged_url, "apply")
    assert ran.code == 2
    assert "--i-understand" in ran.err
    assert bodies(aged_url) == 2


def test_apply_by_a_policy_file_says_what_it_took(aged_url: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    ran = retention(aged_url, "plan", "--policy", policy)
    assert f"by {policy}, retention would take:" in ran.out
    assert "  1 bodies of batches (4 bytes)" in ran.out
    assert bodies(aged_url) == 2
    ran = retention(aged_url, "apply", "--i-understand", "--policy", policy)
    assert ran.code == 0
    assert f"by {policy}, retention took:" in ran.out
    assert "  1 bodies of batches (4 bytes)" in ran.out
    assert bodies(aged_url) == 1
    logged = "SELECT action, subject FROM admin_log"
    assert in_own_loop(lambda: run(aged_url, logged)) == [("retention.apply", str(policy))]


def test_a_policy_that_cannot_be_used_takes_nothing(aged_url: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    for text, said in (
        ("tables: {event: {kind: sometimes}}", "is no retention policy"),
        ("tables: {client_key: {kind: days, days: 1, time_column: x}}", "never pruned"),
        ("#" * 65_537, "longer than 65536 bytes"),
    ):
        policy.write_text(text)
        ran = retention(aged_url, "apply", "--i-understand", "--policy", policy)
        assert ran.code == 1
        assert said in ran.err
    ran = retention(aged_url, "plan", "--policy", tmp_path / "missing")
    assert (ran.code, "no such file" in ran.err) == (1, True)
    assert bodies(aged_url) == 2


def test_a_database_that_is_not_migrated_is_refused(empty_database_url: str) -> None:
    ran = retention(empty_database_url, "plan")
    assert (ran.code, ran.out) == (1, "")
    assert "migrations are pending: run vox-telemetry-sink migrate" in ran.err
