import json
from pathlib import Path

import pytest

from support.cli import run_cli
from support.client_world import consent_to, put
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem

PROGRAM = "vox-telemetry"


@pytest.fixture
def env(spool: Spool) -> dict[str, str]:
    return {"VOX_TELEMETRY_SPOOL_DIR": str(spool.folder.root)}


def test_status_of_nothing_makes_nothing(tmp_path: Path) -> None:
    ran = run_cli(PROGRAM, "status", "--json", cwd=tmp_path)
    document = json.loads(ran.out)
    assert (ran.code, document["pending"], document["key"]) == (
        0,
        {"batches": 0, "events": 0},
        None,
    )
    assert list(tmp_path.iterdir()) == []


def test_status_counts_and_warns(spool: Spool, env: dict[str, str]) -> None:
    first, second = put(spool, events=3, max_events=2)
    spool.set_aside(second.batch_id, Problem())
    (spool.folder.pending / "notes.txt").write_text("mine")
    document = json.loads(run_cli(PROGRAM, "status", "--json", env=env | {"DO_NOT_TRACK": "1"}).out)
    assert document["pending"] == {"batches": 1, "events": 2}
    assert (document["pending_ids"], document["rejected_ids"]) == (
        [first.batch_id],
        [second.batch_id],
    )
    assert document["sending"]["allowed"] is False
    plain = run_cli(PROGRAM, "status", env=env)
    assert "pending     1 batch, 2 events" in plain.out
    assert "'notes.txt' in pending/ is no batch" in plain.err
    assert "1 set aside: `vox-telemetry rejected list` says why" in plain.err


def test_status_does_not_show_the_url_or_the_token(tmp_path: Path) -> None:
    env = {"VOX_TELEMETRY_UPLOAD_URL": "https://u.example", "VOX_TELEMETRY_UPLOAD_TOKEN": "s3cret"}
    ran = run_cli(PROGRAM, "status", "--json", env=env, cwd=tmp_path)
    assert json.loads(ran.out)["upload_url_configured"] is True
    assert "s3cret" not in ran.out
    assert "u.example" not in ran.out


def test_a_key_file_that_cannot_be_used_is_what_to_see_to_next(
    spool: Spool, env: dict[str, str], tmp_path: Path
) -> None:
    put(spool)
    consent_to("https://u.example")
    env |= {"VOX_TELEMETRY_UPLOAD_URL": "https://u.example"}
    env |= {"VOX_TELEMETRY_KEY_FILE": str(tmp_path / "none.pem")}
    document = json.loads(run_cli(PROGRAM, "status", "--json", env=env).out)
    assert f"{tmp_path / 'none.pem'}" in document["key_trouble"]
    assert document["next"] == document["key_trouble"]
