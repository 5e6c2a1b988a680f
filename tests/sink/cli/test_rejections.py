import json
from datetime import UTC, datetime

import pytest

from support.cli import Ran, run_cli
from support.postgres import in_own_loop
from support.stored import run

REFUSED = (
    (
        1,
        "a",
        "contract-refused",
        [("contract.type", 0), ("contract.type", 2), ("policy.opt-in", 3)],
    ),
    (2, "b", "contract-refused", [("contract.type", 1)]),
    (3, "a", "batch-id-reused", []),
)


@pytest.fixture
def refused_url(database_url: str) -> str:
    """Give a database with three rejections."""
    statement = (
        "INSERT INTO rejection (rejected_at, key_id, problem, violations, content_sha256,"
        " coded_bytes) VALUES ($1, $2, $3, $4::text::jsonb, decode(repeat('ab', 32), 'hex'), 9)"
    )
    for day, key_id, problem, broken in REFUSED:
        violations = [{"rule": rule, "event": event, "pointer": "/x"} for rule, event in broken]
        values = (datetime(2026, 11, day, tzinfo=UTC), key_id, problem, json.dumps(violations))
        in_own_loop(lambda values=values: run(database_url, statement, *values))
    return database_url


def rejections(url: str, *args: str) -> Ran:
    env = {"VOX_SINK_DATABASE_URL": url}
    return run_cli("vox-telemetry-sink", "rejections", *args, env=env)


def test_the_latest_come_first_with_places_and_rules(refused_url: str) -> None:
    ran = rejections(refused_url, "list", "--json", "--limit", "2")
    assert ran.code == 0
    latest, before = json.loads(ran.out)["rejections"]
    assert (latest["problem"], latest["violations"]) == ("batch-id-reused", [])
    assert before == {
        "rejection_id": 2,
        "rejected_at": "2026-11-02T00:00:00.000Z",
        "key_id": "b",
        "problem": "contract-refused",
        "violations": [{"rule": "contract.type", "event": 1, "pointer": "/x"}],
        "content_sha256": "ab" * 32,
        "coded_bytes": 9,
    }
    text = rejections(refused_url, "list", "--since", "2026-11-02").out.splitlines()
    assert len(text) == 2
    assert text[1].endswith(
        "contract-refused  sha-256 " + "ab" * 32 + "  9 bytes  contract.type at 1/x"
    )


def test_they_are_counted_by_problem_and_rule(refused_url: str) -> None:
    ran = rejections(refused_url, "counts", "--json")
    assert json.loads(ran.out) == {
        "problems": [
            {"problem": "contract-refused", "batches": 2, "keys": 2},
            {"problem": "batch-id-reused", "batches": 1, "keys": 1},
        ],
        "rules": [
            {
                "problem": "contract-refused",
                "rule": "contract.type",
                "violations": 3,
                "batches": 2,
                "keys": 2,
            },
            {
                "problem": "contract-refused",
                "rule": "policy.opt-in",
                "violations": 1,
                "batches": 1,
                "keys": 1,
            },
        ],
    }
    assert rejections(refused_url, "counts", "--since", "2026-11-02T00:00:00Z").out == (
        "batch-id-reused: 1 batches of 1 keys\n"
        "contract-refused: 1 batches of 1 keys\n"
        "contract-refused contract.type: 1 violations in 1 batches of 1 keys\n"
    )


def test_nothing_refused_is_said(database_url: str) -> None:
    for verb in ("list", "counts"):
        assert rejections(database_url, verb).out == "nothing was refused\n"
    assert json.loads(rejections(database_url, "counts", "--json").out) == {
        "problems": [],
        "rules": [],
    }


def test_a_time_that_is_none_is_a_usage_error(database_url: str) -> None:
    ran = rejections(database_url, "list", "--since", "soon")
    assert ran.code == 2
    assert "expected one as 2026-11-01" in ran.err
