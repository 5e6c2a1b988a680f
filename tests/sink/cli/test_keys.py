import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import run_cli
from support.uploads import new_key

SINK = "vox-telemetry-sink"


@pytest.fixture
def env(database_url: str) -> Any:
    return {"VOX_SINK_DATABASE_URL": database_url}


def test_a_key_is_enrolled_listed_and_revoked(env: dict[str, str], tmp_path: Path) -> None:
    key = new_key().public
    jwk = tmp_path / "alice.jwk"
    jwk.write_text(json.dumps(key.jwk), encoding="utf-8")
    added = run_cli(SINK, "keys", "add", jwk, "--name", "alice", "--json", env=env)
    assert (added.code, json.loads(added.out)) == (0, {"key_id": key.key_id, "name": "alice"})
    listed = json.loads(run_cli(SINK, "keys", "list", "--json", env=env).out)["keys"]
    assert [
        (row["key_id"], row["name"], row["max_sensitivity"], row["revoked_at"]) for row in listed
    ] == [(key.key_id, "alice", "S1", None)]
    revoked = run_cli(SINK, "keys", "revoke", key.key_id, env=env)
    assert (revoked.code, revoked.out.startswith(f"revoked {key.key_id} at 20")) == (0, True)
    assert "revoked 20" in run_cli(SINK, "keys", "list", env=env).out


def test_trouble_is_one_line_and_exit_1(env: dict[str, str], tmp_path: Path) -> None:
    key = new_key()
    public = json.dumps(key.public.jwk)
    assert run_cli(SINK, "keys", "add", "-", "--name", "a", env=env, input=public).code == 0
    cases = [
        (("keys", "add", "-", "--name", "a"), public, "is enrolled already"),
        (("keys", "add", "-", "--name", "a"), "{}", "not a JWK"),
        (("keys", "add", "-", "--name", "a"), key.private_jwk(), "holds a private key"),
        (("keys", "add", tmp_path / "none", "--name", "a"), "", "No such file or directory"),
        (("keys", "add", tmp_path, "--name", "a"), "", "Is a directory"),
        (("keys", "revoke", "nobody"), "", "key 'nobody' is not enrolled"),
    ]
    for args, given, message in cases:
        ran = run_cli(SINK, *args, env=env, input=given)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1), ran
        assert message in ran.err
        assert json.loads(key.private_jwk())["d"] not in ran.err


def test_a_blank_name_is_a_usage_error(env: dict[str, str]) -> None:
    ran = run_cli(SINK, "keys", "add", "-", "--name", " ", env=env, input="{}")
    assert ran.code == 2
    assert "blank name" in ran.err


def test_an_empty_database_is_to_be_migrated_first(empty_database_url: str) -> None:
    ran = run_cli(SINK, "keys", "list", env={"VOX_SINK_DATABASE_URL": empty_database_url})
    assert (ran.code, ran.err) == (
        1,
        "vox-telemetry-sink: 1 migrations are pending: run vox-telemetry-sink migrate\n",
    )


def test_a_data_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = run_cli("vox-telemetry-sink", "keys", "list", "--data-dir", tmp_path / "file" / "x")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("vox-telemetry-sink: VOX_SINK_DATA_DIR is '")
    assert "which cannot be made: not a directory; expected a folder" in ran.err
