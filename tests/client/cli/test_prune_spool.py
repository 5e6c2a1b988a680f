"""`prune spool` as the operator sees it: the installed program."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.cli import run_cli
from support.client_world import journal, names, put, tree
from vox_telemetry_client.lock import held
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem

PROGRAM = "vox-telemetry"
OLD = datetime.now(UTC) - timedelta(days=8)


@pytest.fixture
def env(spool: Spool) -> dict[str, str]:
    return {"VOX_TELEMETRY_SPOOL_DIR": str(spool.folder.root)}


def test_a_plan_names_each_file_with_its_reason_and_changes_nothing(
    spool: Spool, env: dict[str, str]
) -> None:
    (old,) = put(spool, now=OLD)
    put(spool, now=datetime.now(UTC))
    before = tree(spool.folder.root)
    document = json.loads(run_cli(PROGRAM, "prune", "spool", "plan", "--json", env=env).out)
    assert document == {
        "files": [
            {
                "file": f"pending/{old.batch_id}.json",
                "bytes": len(old.payload),
                "reason": "pending for more than 7 days",
                "batch_id": old.batch_id,
            }
        ]
    }
    told = run_cli(PROGRAM, "prune", "spool", "plan", env=env)
    assert told.out == (
        f"pending/{old.batch_id}.json  {len(old.payload)}  pending for more than 7 days\n"
    )
    assert tree(spool.folder.root) == before


def test_without_the_flag_nothing_is_touched(spool: Spool, env: dict[str, str]) -> None:
    put(spool, now=OLD)
    before = tree(spool.folder.root)
    ran = run_cli(PROGRAM, "prune", "spool", "apply", env=env)
    assert (ran.code, ran.out) == (2, "")
    assert "refusing prune spool apply without --i-understand; nothing was touched" in ran.err
    assert tree(spool.folder.root) == before


def test_apply_deletes_what_the_plan_names(spool: Spool, env: dict[str, str]) -> None:
    (old,) = put(spool, now=OLD)
    (aside,) = put(spool, now=datetime.now(UTC))
    spool.set_aside(aside.batch_id, Problem())
    os.utime(spool.folder.rejected / f"{aside.batch_id}.problem.json", (0, 0))
    ran = run_cli(PROGRAM, "prune", "spool", "apply", "--i-understand", env=env)
    assert ran.out.splitlines() == [
        f"deleted pending/{old.batch_id}.json: pending for more than 7 days",
        f"deleted rejected/{aside.batch_id}.json: set aside more than 30 days ago",
        "deleted 2 in all",
    ]
    assert names(spool.folder.pending) == names(spool.folder.rejected) == []
    assert [line["event"] for line in journal(spool)[-2:]] == ["discarded"] * 2
    again = run_cli(PROGRAM, "prune", "spool", "apply", "--i-understand", "--json", env=env)
    assert json.loads(again.out) == {"deleted": {}, "total": 0, "stuck": []}


def test_an_absent_spool_stays_absent(tmp_path: Path) -> None:
    for verb in (("plan",), ("apply", "--i-understand")):
        assert run_cli(PROGRAM, "prune", "spool", *verb, cwd=tmp_path).code == 0
    assert list(tmp_path.iterdir()) == []


def test_it_waits_for_a_running_upload(spool: Spool, env: dict[str, str]) -> None:
    put(spool, now=OLD)
    before = tree(spool.folder.root)
    arguments = ("prune", "spool", "apply", "--i-understand")
    with held(spool.folder.upload_lock, "an upload"), pytest.raises(subprocess.TimeoutExpired):
        run_cli(PROGRAM, *arguments, env=env, within_s=3)
    assert tree(spool.folder.root) == before
