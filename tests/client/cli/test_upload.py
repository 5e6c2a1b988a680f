import json
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from support.cli import command, run_cli
from support.client_world import (
    consent_to,
    names,
    new_spool,
    problem,
    put,
    receipt_for,
    stores,
    tree,
)
from support.http_answers import Request, computed, html, reply
from support.http_server import misbehaving_server
from vox_telemetry_client.lock import held

PROGRAM = "vox-telemetry"


@pytest.fixture
def env(client_env: dict[str, str]) -> dict[str, str]:
    """Give a client a key."""
    assert run_cli(PROGRAM, "keys", "generate", env=client_env).code == 0
    return client_env


def test_the_bytes_shown_are_the_bytes_sent(
    env: dict[str, str], tmp_path: Path, events_file: Path
) -> None:
    assert run_cli(PROGRAM, "enqueue", events_file, env=env).code == 0
    shown = run_cli(PROGRAM, "export", env=env).out.encode()
    with misbehaving_server(stores()) as server:
        consent_to(server.url)
        ran = run_cli(PROGRAM, "upload", "--json", "--url", server.url, env=env)
    assert (ran.code, ran.err) == (0, "")
    assert server.requests[0].body + b"\n" == shown
    document = json.loads(ran.out)
    batch_id = json.loads(shown)["batch_id"]
    assert document == {
        "batches": [{"batch_id": batch_id, "outcome": "acknowledged", "attempts": 1}],
        "totals": {"acknowledged": 1, "duplicate": 0, "kept": 0, "set_aside": 0, "split": 0},
    }
    assert names(tmp_path / "spool" / "pending") == []


def test_a_refused_batch_shows_its_problem_and_is_1(env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"))
    refusal = problem(
        422, "contract-refused", violations=[{"event": 0, "pointer": "/a", "rule": "r"}]
    )
    with misbehaving_server(refusal) as server:
        consent_to(server.url)
        ran = run_cli(
            PROGRAM, "upload", "--json", env=env | {"VOX_TELEMETRY_UPLOAD_URL": server.url}
        )
    (row,) = json.loads(ran.out)["batches"]
    assert (ran.code, row["outcome"], row["problem"]["status"]) == (1, "set_aside", 422)
    assert row["problem"]["violations"] == [{"event": 0, "pointer": "/a", "rule": "r"}]


def test_a_captive_portal_is_1_and_keeps(env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"))
    with misbehaving_server(html()) as server:
        consent_to(server.url)
        ran = run_cli(PROGRAM, "upload", env=env | {"VOX_TELEMETRY_UPLOAD_URL": server.url})
    assert ran.code == 1
    assert "holds no receipt" in ran.err
    assert "everything is kept" in ran.err
    assert len(names(tmp_path / "spool" / "pending")) == 1


def test_nothing_to_upload_is_done(env: dict[str, str]) -> None:
    with misbehaving_server() as server:
        consent_to(server.url)
        ran = run_cli(PROGRAM, "upload", "--url", server.url, env=env)
    assert (ran.code, ran.out, ran.err, server.requests) == (0, "nothing to upload\n", "", [])


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"VOX_TELEMETRY": "OFF"}, "switched-off", "VOX_TELEMETRY is 'OFF'"),
        ({"DO_NOT_TRACK": "1"}, "switched-off", "DO_NOT_TRACK is set"),
        ({"VOX_TELEMETRY_UPLOAD_URL": ""}, "not-configured", "VOX_TELEMETRY_UPLOAD_URL is blank"),
        (
            {"VOX_TELEMETRY_UPLOAD_TOKEN": " "},
            "not-configured",
            "VOX_TELEMETRY_UPLOAD_TOKEN is blank",
        ),
        ({"VOX_TELEMETRY_UPLOAD_URL": "http://sink.example"}, "url-refused", "expected https"),
        (
            {"VOX_TELEMETRY_UPLOAD_URL": "https://a:s3cret@sink.example"},
            "url-refused",
            "credentials",
        ),
    ],
)
def test_not_configured_is_3_and_sends_nothing(
    env: dict[str, str], tmp_path: Path, change: dict[str, str], kind: str, said: str
) -> None:
    put(new_spool(tmp_path / "spool"))
    before = tree(tmp_path / "spool")
    with misbehaving_server() as server:
        consent_to(server.url)
        changed = env | {"VOX_TELEMETRY_UPLOAD_URL": server.url} | change
        ran = run_cli(PROGRAM, "upload", "--json", env=changed)
    error = json.loads(ran.out)["error"]
    assert (ran.code, error["kind"], server.requests) == (3, kind, [])
    assert said in error["message"]
    assert "s3cret" not in ran.out + ran.err
    assert tree(tmp_path / "spool") == before


def test_no_url_and_no_key_are_3(client_env: dict[str, str]) -> None:
    ran = run_cli(PROGRAM, "upload", env=client_env)
    assert (
        ran.code,
        ran.err.startswith("vox-telemetry: no upload URL: set VOX_TELEMETRY_UPLOAD_URL"),
    ) == (3, True)
    consent_to("https://sink.example")
    ran = run_cli(PROGRAM, "upload", "--url", "https://sink.example", env=client_env)
    assert (ran.code, "no signing key yet" in ran.err) == (3, True)


def test_two_uploads_at_once_one_works_and_the_other_says_who(
    env: dict[str, str], tmp_path: Path
) -> None:
    put(new_spool(tmp_path / "spool"), events=2, max_events=1)

    go_on = threading.Event()

    def slowly(request: Request) -> tuple[int, dict[str, str], bytes]:
        go_on.wait(20)
        return 201, {}, receipt_for(request)

    with misbehaving_server(computed(slowly), then=stores()) as server:
        consent_to(server.url)
        configured = env | {"VOX_TELEMETRY_UPLOAD_URL": server.url}
        first = subprocess.Popen(
            command(PROGRAM, "upload"),
            env=os.environ | configured,
            stdout=subprocess.PIPE,
            text=True,
        )
        while not server.requests:
            time.sleep(0.02)
        second = run_cli(PROGRAM, "upload", "--json", env=configured)
        assert run_cli(PROGRAM, "status", env=configured).err.startswith(
            f"an upload is running: pid {first.pid} since "
        )
        go_on.set()
        out, _ = first.communicate(timeout=30)
    assert (first.returncode, "2 acknowledged" in out) == (0, True)
    error = json.loads(second.out)["error"]
    assert (second.code, error["kind"]) == (1, "spool-busy")
    assert error["message"].startswith(f"an upload is running: pid {first.pid} since 20")
    assert len(server.requests) == 2


def test_an_enqueue_does_not_wait_for_an_upload(tmp_path: Path, events_file: Path) -> None:
    spool = new_spool(tmp_path / "spool")
    with held(spool.folder.upload_lock, "an upload"):
        ran = run_cli(
            PROGRAM,
            "enqueue",
            events_file,
            env={"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "spool")},
        )
    assert ran.code == 0


def test_a_dry_run_shows_every_header_and_sends_nothing(
    env: dict[str, str], tmp_path: Path
) -> None:
    (batch,) = put(new_spool(tmp_path / "spool"))
    before = tree(tmp_path / "spool")
    with misbehaving_server(stores()) as server:
        consent_to(server.url)
        configured = env | {
            "VOX_TELEMETRY_UPLOAD_URL": server.url,
            "VOX_TELEMETRY_UPLOAD_TOKEN": "s3cret",
        }
        ran = run_cli(PROGRAM, "upload", "--dry-run", "--json", env=configured)
        plain = run_cli(PROGRAM, "upload", "--dry-run", env=configured)
        assert server.requests == []
        assert tree(tmp_path / "spool") == before
        assert run_cli(PROGRAM, "upload", env=configured).code == 0
        sent = server.requests[0]
    (shown,) = json.loads(ran.out)["requests"]
    assert (shown["method"], shown["url"]) == ("POST", f"http://{sent.headers['host']}/v1/batches")
    assert (shown["body_bytes"], shown["payload_sha256"]) == (
        len(batch.payload),
        batch.payload_sha256,
    )
    assert shown["body"] == json.loads(batch.payload)
    assert {name.lower() for name in shown["headers"]} == set(sent.headers)
    fresh = {"signature", "signature-input", "authorization"}
    assert {k: v for k, v in shown["headers"].items() if k.lower() not in fresh} == {
        k: v for k, v in sent.headers.items() if k not in fresh
    }
    assert f"is sent as one line of {len(batch.payload)} bytes" in plain.out
    assert "1 requests, nothing was sent" in plain.out
    assert "s3cret" not in ran.out + ran.err + plain.out + plain.err


def test_a_dry_run_without_a_key_says_so(client_env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"))
    ran = run_cli(
        PROGRAM, "upload", "--dry-run", "--json", "--url", "https://sink.example", env=client_env
    )
    document = json.loads(ran.out)
    assert ran.code == 0
    assert "signature" not in document["requests"][0]["headers"]
    assert document["remarks"][0].startswith("shown without its signature: no signing key yet")


def test_a_dry_run_of_nothing_makes_nothing(env: dict[str, str], tmp_path: Path) -> None:
    ran = run_cli(PROGRAM, "upload", "--dry-run", "--url", "https://sink.example", env=env)
    assert (ran.code, ran.out) == (0, "0 requests, nothing was sent\n")
    assert not (tmp_path / "spool").exists()


def test_a_wrong_token_shows_no_token(env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"))
    with misbehaving_server(problem(401, "token-invalid"), reply(500)) as server:
        consent_to(server.url)
        configured = env | {
            "VOX_TELEMETRY_UPLOAD_URL": server.url,
            "VOX_TELEMETRY_UPLOAD_TOKEN": "s3cret",
        }
        ran = run_cli(PROGRAM, "upload", env=configured)
    assert (ran.code, "VOX_TELEMETRY_UPLOAD_TOKEN" in ran.err) == (1, True)
    assert "s3cret" not in ran.out + ran.err


def test_a_correction_of_the_clock_is_said(env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"))
    stale = problem(401, "signature-stale", sink_time="2020-01-01T00:00:00.000Z")
    with misbehaving_server(stale, then=stores()) as server:
        consent_to(server.url)
        ran = run_cli(PROGRAM, "upload", env=env | {"VOX_TELEMETRY_UPLOAD_URL": server.url})
    assert ran.code == 0
    assert "signed with the sink's time, set the clock" in ran.err
