import json
import os
from pathlib import Path

import pytest

from support.cli import run_cli
from support.client_world import consent_to, new_spool, put, tree
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.violations import Violation

PROGRAM = "vox-telemetry"


@pytest.fixture
def env(spool: Spool) -> dict[str, str]:
    return {"VOX_TELEMETRY_SPOOL_DIR": str(spool.folder.root)}


def test_show_prints_exactly_the_bytes(spool: Spool, env: dict[str, str]) -> None:
    (batch,) = put(spool)
    ran = run_cli(PROGRAM, "show", batch.batch_id, env=env)
    assert (ran.code, ran.out.encode()) == (0, batch.payload)
    assert f"pending, {len(batch.payload)} bytes, sha-256 {batch.payload_sha256}" in ran.err
    document = json.loads(run_cli(PROGRAM, "show", batch.batch_id[:13], "--json", env=env).out)
    assert (document["approved"], document["payload"]) == (True, json.loads(batch.payload))


def test_show_says_why_a_batch_was_set_aside(spool: Spool, env: dict[str, str]) -> None:
    (batch,) = put(spool)
    violations = [Violation(0, "/metadata/name", "path.posix")]
    spool.set_aside(batch.batch_id, Problem(title="refused", status=422, violations=violations))
    ran = run_cli(PROGRAM, "show", batch.batch_id, env=env)
    assert "event 0: /metadata/name: path.posix" in ran.err
    document = json.loads(run_cli(PROGRAM, "show", batch.batch_id, "--json", env=env).out)
    assert (document["state"], document["problem"]["status"]) == ("rejected", 422)


def test_show_says_when_bytes_were_changed(spool: Spool, env: dict[str, str]) -> None:
    (batch,) = put(spool)
    (spool.folder.pending / f"{batch.batch_id}.json").write_bytes(b"{}")
    ran = run_cli(PROGRAM, "show", batch.batch_id, env=env)
    assert (ran.out, "not the approved ones" in ran.err) == ("{}", True)


def test_show_of_no_batch_is_1(env: dict[str, str]) -> None:
    ran = run_cli(PROGRAM, "show", "ffff", "--json", env=env)
    assert (ran.code, json.loads(ran.out)["error"]["kind"]) == (1, "batch-unknown")


def test_export_writes_the_bytes_and_dequeues_nothing(
    spool: Spool, env: dict[str, str], tmp_path: Path
) -> None:
    batches = put(spool, events=3, max_events=1)
    before = tree(spool.folder.root)
    lines = b"".join(batch.payload + b"\n" for batch in batches)
    ran = run_cli(PROGRAM, "export", env=env)
    assert (ran.code, ran.out.encode()) == (0, lines)
    ran = run_cli(PROGRAM, "export", "--out", tmp_path / "out.jsonl", "--json", env=env)
    assert json.loads(ran.out) == {
        "exported": 3,
        "out": str(tmp_path / "out.jsonl"),
        "bytes": len(lines),
    }
    assert (tmp_path / "out.jsonl").read_bytes() == lines
    document = json.loads(run_cli(PROGRAM, "export", "--json", env=env).out)
    assert document["batches"] == [json.loads(batch.payload) for batch in batches]
    assert tree(spool.folder.root) == before


def test_export_leaves_out_what_was_not_approved_and_says_so(
    spool: Spool, env: dict[str, str]
) -> None:
    first, second = put(spool, events=2, max_events=1)
    (spool.folder.pending / f"{first.batch_id}.json").write_bytes(b"not\njson")
    ran = run_cli(PROGRAM, "export", env=env)
    assert (ran.code, ran.out.encode()) == (1, second.payload + b"\n")
    assert "1 left out" in ran.err


def test_export_to_an_impossible_place_is_one_line(env: dict[str, str], tmp_path: Path) -> None:
    ran = run_cli(PROGRAM, "export", "--out", tmp_path / "gone" / "x", env=env)
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "cannot be written: no such file or directory" in ran.err


@pytest.mark.parametrize("command", ["status", "export", "show x"])
def test_looking_at_an_unsafe_spool_is_refused(tmp_path: Path, command: str) -> None:
    new_spool(tmp_path / "q")
    (tmp_path / "q").chmod(0o777)
    ran = run_cli(PROGRAM, *command.split(), env={"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "q")})
    assert (ran.code, "expected 0700" in ran.err) == (1, True)


def test_export_to_a_pipe_or_through_a_link_replaces_neither(
    spool: Spool, env: dict[str, str], tmp_path: Path
) -> None:
    (batch,) = put(spool)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert run_cli(PROGRAM, "export", "--out", tmp_path / "link", env=env).code == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == batch.payload + b"\n"
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert run_cli(PROGRAM, "export", "--out", tmp_path / "pipe", env=env).code == 0
    assert (tmp_path / "pipe").is_fifo()
    assert os.read(reader, 65_536) == batch.payload + b"\n"
    os.close(reader)


def test_an_upload_lock_that_is_none_is_one_line(
    spool: Spool, env: dict[str, str], keyring_environment: dict[str, str]
) -> None:
    env = env | keyring_environment | {"VOX_TELEMETRY_UPLOAD_URL": "http://127.0.0.1:9"}
    run_cli(PROGRAM, "keys", "generate", env=env)
    consent_to("http://127.0.0.1:9")
    spool.folder.upload_lock.mkdir()
    ran = run_cli(PROGRAM, "upload", "--json", env=env)
    assert (ran.code, json.loads(ran.out)["error"]["kind"]) == (1, "spool")
    assert len(ran.err.splitlines()) == 1
