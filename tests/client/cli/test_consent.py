"""Consent as the operator sees it: the installed program against a real server."""

import json
import os
import pty
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.cli import Ran, command, run_cli
from support.client_world import (
    consent_to,
    journal,
    names,
    new_spool,
    problem,
    put,
    receipt_for,
    run_and_kill,
    stores,
    tree,
)
from support.http_answers import Request, computed
from support.http_server import misbehaving_server
from vox_telemetry_client import consent_file
from vox_telemetry_client.cli import consent as cli_consent
from vox_telemetry_client.cli import run
from vox_telemetry_client.lock import held
from vox_telemetry_spec.problems import Problem

PROGRAM = "vox-telemetry"
URL = "https://sink.example"
KILLED = -9


@pytest.fixture
def env(client_env: dict[str, str]) -> dict[str, str]:
    """Give a client a key."""
    assert run_cli(PROGRAM, "keys", "generate", env=client_env).code == 0
    return client_env


def consent(*args: str, env: dict[str, str]) -> Ran:
    return run_cli(PROGRAM, "consent", *args, env=env)


def test_unset_granted_denied(client_env: dict[str, str], tmp_path: Path) -> None:
    env = client_env
    unset = json.loads(consent("status", "--json", env=env).out)
    assert (unset["state"], unset["sending"]["source"]) == ("unset", "consent")
    assert not (tmp_path / "spool").exists()

    granted = consent("grant", "--url", URL, "--json", env=env)
    document = json.loads(granted.out)
    assert (granted.code, document["state"]) == (0, "granted")
    assert (document["url"], document["contract"]) == (f"{URL}/v1/batches", "vox.usage-batch.v1")
    assert document["covers_from"] == document["at"]
    file = consent_file.path()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    shown = json.loads(consent("status", "--json", env=env).out)
    assert shown["sending"] == {"allowed": True, "reason": None, "source": "consent"}
    assert {name: shown[name] for name in ("url", "at", "contract_sha256")} == {
        name: document[name] for name in ("url", "at", "contract_sha256")
    }

    denied = consent("deny", env=env)
    assert (denied.code, "from now on no request is made" in denied.err) == (0, True)
    told = consent("status", env=env).out
    assert told.startswith("consent     denied at 20")
    assert "; `vox-telemetry consent grant` changes that\n" in told
    assert [line["event"] for line in journal(new_spool(tmp_path / "spool"))] == [
        "consent",
        "consent",
    ]


def test_status_shows_consent(client_env: dict[str, str]) -> None:
    assert (
        "sending     consent has not been granted" in run_cli(PROGRAM, "status", env=client_env).out
    )
    consent_to(URL)
    assert (
        f"sending     allowed to {URL}/v1/batches" in run_cli(PROGRAM, "status", env=client_env).out
    )
    other = client_env | {"VOX_TELEMETRY_UPLOAD_URL": "https://other.example"}
    document = json.loads(run_cli(PROGRAM, "status", "--json", env=other).out)
    assert document["sending"]["allowed"] is False
    assert document["consent"]["url"] == f"{URL}/v1/batches"
    refused = client_env | {"VOX_TELEMETRY_UPLOAD_URL": "http://other.example"}
    document = json.loads(run_cli(PROGRAM, "status", "--json", env=refused).out)
    assert document["sending"]["source"] == "upload-url"


@pytest.mark.parametrize("state", ["unset", "denied", "for another url"])
def test_an_upload_without_consent_is_3_and_sends_nothing(
    env: dict[str, str], tmp_path: Path, state: str
) -> None:
    put(new_spool(tmp_path / "spool"))
    if state == "denied":
        consent("deny", env=env)
    if state == "for another url":
        consent_to(URL)
    before = tree(tmp_path / "spool")
    with misbehaving_server() as server:
        ran = run_cli(PROGRAM, "upload", "--json", "--url", server.url, env=env)
    error = json.loads(ran.out)["error"]
    next_step = json.loads(run_cli(PROGRAM, "status", "--json", env=env).out)["next"]
    told = "nothing: consent was denied" if state == "denied" else "vox-telemetry consent grant"
    assert state == "for another url" or next_step == told  # a refusal is not asked about again
    assert (ran.code, error["kind"], server.requests) == (3, "consent", [])
    assert "vox-telemetry consent" in error["message"]
    assert tree(tmp_path / "spool") == before


def test_what_was_made_before_consent_is_never_sent_unasked(
    env: dict[str, str], tmp_path: Path, events_file: Path
) -> None:
    (early,) = put(new_spool(tmp_path / "spool"), now=_long_ago())
    with misbehaving_server(then=stores()) as server:
        granted = consent("grant", "--url", server.url, env=env)
        assert "1 batch was enqueued before consent was granted" in granted.err
        assert run_cli(PROGRAM, "enqueue", events_file, env=env).code == 0
        status = json.loads(run_cli(PROGRAM, "status", "--json", env=env).out)
        assert status["before_consent_ids"] == [early.batch_id]
        ran = run_cli(PROGRAM, "upload", "--url", server.url, env=env)
        assert (ran.code, len(server.requests)) == (1, 1)
        assert server.requests[0].body != early.payload
        assert "consent grant --include-pending" in ran.out

        included = consent("grant", "--url", server.url, "--include-pending", "--json", env=env)
        assert json.loads(included.out)["included"] == 1
        assert run_cli(PROGRAM, "upload", "--url", server.url, env=env).code == 0
    assert server.requests[1].body == early.payload
    assert names(tmp_path / "spool" / "pending") == []


def test_a_denial_ends_what_an_earlier_grant_included(env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"), now=_long_ago())
    with misbehaving_server() as server:
        assert consent("grant", "--url", server.url, "--include-pending", env=env).code == 0
        assert consent("deny", env=env).code == 0
        time.sleep(0.01)
        again = consent("grant", "--url", server.url, env=env)
        assert "1 batch was enqueued before consent" in again.err
        assert run_cli(PROGRAM, "upload", "--url", server.url, env=env).code == 1
    assert server.requests == []


def test_a_grant_that_is_repeated_keeps_what_was_covered(
    env: dict[str, str], events_file: Path
) -> None:
    with misbehaving_server(then=stores()) as server:
        first = json.loads(consent("grant", "--url", server.url, "--json", env=env).out)
        assert run_cli(PROGRAM, "enqueue", events_file, env=env).code == 0
        again = json.loads(consent("grant", "--url", server.url, "--json", env=env).out)
        assert (again["covers_from"], again["not_covered"]) == (first["covers_from"], 0)
        assert run_cli(PROGRAM, "upload", "--url", server.url, env=env).code == 0


def test_a_dry_run_says_what_would_be_held_back(env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"), now=_long_ago())
    ran = run_cli(PROGRAM, "upload", "--dry-run", "--url", URL, env=env)
    assert (ran.code, "consent has not been granted" in ran.err) == (0, True)
    assert consent("grant", "--url", URL, env=env).code == 0
    ran = run_cli(PROGRAM, "upload", "--dry-run", "--url", URL, env=env)
    assert "1 batch was enqueued before consent was granted" in ran.err


def test_withdrawn_during_an_upload_it_stops_before_the_next_request(
    env: dict[str, str], tmp_path: Path
) -> None:
    put(new_spool(tmp_path / "spool"), events=3, max_events=1)
    go_on = threading.Event()

    def slowly(request: Request) -> tuple[int, dict[str, str], bytes]:
        go_on.wait(20)
        return 201, {}, receipt_for(request)

    with misbehaving_server(computed(slowly), then=stores()) as server:
        consent_to(server.url)
        uploading = _start("upload", "--json", "--url", server.url, env=env)
        while not server.requests:
            time.sleep(0.02)
        purging = _start("consent", "deny", "--purge", "--json", env=env)
        while consent_file.read().consent.state != "denied":
            time.sleep(0.02)
        go_on.set()
        out, err = uploading.communicate(timeout=30)
        purged, _ = purging.communicate(timeout=30)
    assert (uploading.returncode, len(server.requests)) == (3, 1)
    outcomes = [row["outcome"] for row in json.loads(out)["batches"]]
    assert outcomes == ["acknowledged", "kept", "kept"]
    assert "`vox-telemetry consent deny --purge`" in err
    # The purge waited for the upload's end, so it deleted exactly what that had kept.
    assert len(json.loads(purged)["purged"]) == 2
    assert names(tmp_path / "spool" / "pending") == []


def test_withdrawn_in_a_pause_it_stops_at_once(env: dict[str, str], tmp_path: Path) -> None:
    put(new_spool(tmp_path / "spool"))
    with misbehaving_server(then=problem(503, headers={"Retry-After": "60"})) as server:
        consent_to(server.url)
        uploading = _start("upload", "--url", server.url, env=env)
        while not (tmp_path / "spool" / "state.json").exists():
            time.sleep(0.02)
        assert consent("deny", env=env).code == 0
        uploading.communicate(timeout=30)  # half of what the sink asked for
    assert (uploading.returncode, len(server.requests)) == (3, 1)


def test_a_purge_leaves_no_byte_of_any_payload(env: dict[str, str], tmp_path: Path) -> None:
    spool = new_spool(tmp_path / "spool")
    _, second = put(spool, events=4, max_events=2)
    spool.set_aside(second.batch_id, Problem())
    smuggled = "019abcde-0000-7000-8000-000000000009"
    (spool.folder.pending / f"{smuggled}.json").write_text("benchmark_event of nobody")
    purged = json.loads(consent("deny", "--purge", "--json", env=env).out)["purged"]
    assert len(purged) == 3
    left = b"".join(tree(tmp_path / "spool").values())
    assert b"benchmark_event" not in left
    assert journal(spool)[-1]["event"] == "discarded"
    assert journal(spool)[-1]["batch_ids"] == purged
    status = json.loads(run_cli(PROGRAM, "status", "--json", env=env).out)
    assert (status["pending_ids"], status["rejected_ids"], status["missing_ids"]) == ([], [], [])


def test_a_purge_that_an_upload_keeps_waiting_says_so_and_consent_is_denied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spool = new_spool(tmp_path / "spool")
    put(spool)
    monkeypatch.setenv("VOX_TELEMETRY_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setattr(cli_consent, "PURGE_WAIT_S", 0.05)
    with held(spool.folder.upload_lock, "an upload"):
        assert run(["consent", "deny", "--purge", "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["kind"], len(spool.waiting())) == ("spool-busy", 1)
    assert consent_file.read().consent.state == "denied"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_purge_that_is_killed_is_finished_by_the_next_change(
    env: dict[str, str], tmp_path: Path, when: str
) -> None:
    spool = new_spool(tmp_path / "spool")
    _, second = put(spool, events=4, max_events=2)
    spool.set_aside(second.batch_id, Problem())
    append = "vox_telemetry_client.journal:Journal.append"
    arguments = ("consent", "deny", "--purge")
    killed = run_and_kill(append, when, "Discarded", *arguments, env=env, cwd=tmp_path)
    assert killed == KILLED
    assert consent_file.read().consent.state == "denied"
    kept = 1 if when == "before" else 0
    assert len(new_spool(tmp_path / "spool").pending()) == kept
    assert len(names(spool.folder.rejected)) == 2 * kept


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_grant_that_is_killed_permits_nothing_that_no_line_records(
    env: dict[str, str], tmp_path: Path, when: str
) -> None:
    append = "vox_telemetry_client.journal:Journal.append"
    arguments = ("consent", "grant", "--url", URL)
    killed = run_and_kill(append, when, "ConsentDecided", *arguments, env=env, cwd=tmp_path)
    assert killed == KILLED
    assert consent_file.read().consent is None


def test_a_denial_without_a_spool_makes_none(client_env: dict[str, str], tmp_path: Path) -> None:
    ran = consent("deny", "--purge", "--json", env=client_env)
    assert (ran.code, json.loads(ran.out)["purged"]) == (0, [])
    assert not (tmp_path / "spool").exists()


def test_away_from_a_terminal_nothing_is_asked_and_nothing_deleted(
    client_env: dict[str, str], tmp_path: Path
) -> None:
    put(new_spool(tmp_path / "spool"))
    ran = consent("deny", env=client_env)
    assert (ran.code, "1 batch stays here" in ran.err) == (0, True)
    assert len(names(tmp_path / "spool" / "pending")) == 1


@pytest.mark.parametrize(("answer", "left"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_at_a_terminal_the_purge_is_offered(
    client_env: dict[str, str], tmp_path: Path, answer: str, left: int
) -> None:
    put(new_spool(tmp_path / "spool"))
    ours, theirs = pty.openpty()
    denying = subprocess.Popen(
        command(PROGRAM, "consent", "deny"),
        env=os.environ | client_env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    while b"[y/N]" not in said:
        said += os.read(ours, 1_000)
    os.write(ours, answer.encode())
    assert denying.wait(30) == 0
    os.close(ours)
    assert b"1 batch is pending. Delete what is pending" in said
    assert len(names(tmp_path / "spool" / "pending")) == left


def test_a_damaged_consent_is_none_and_a_new_grant_mends_it(client_env: dict[str, str]) -> None:
    consent_to(URL)
    consent_file.path().write_text("granted")
    shown = json.loads(consent("status", "--json", env=client_env).out)
    assert (shown["state"], shown["sending"]["allowed"]) == ("unset", False)
    assert "consent.json is damaged" in shown["trouble"]
    assert consent("grant", "--url", URL, env=client_env).code == 0
    assert json.loads(consent("status", "--json", env=client_env).out)["sending"]["allowed"]


def test_a_denial_holds_also_under_a_configuration_that_is_broken(
    client_env: dict[str, str], scrubbed_environment: Path
) -> None:
    consent_to(URL)
    file = scrubbed_environment / "config_home" / "vox" / "config.toml"
    file.parent.mkdir()
    file.write_text("[telemetry\n")
    denied = consent("deny", env=client_env)
    assert (denied.code, "consent is denied" in denied.err, str(file) in denied.err) == (
        3,
        True,
        True,
    )
    assert consent_file.read().consent.state == "denied"


UNDER_A_POLICY = """
import sys
from pathlib import Path
from vox_telemetry_client import permission
permission.policy_path = lambda _environ, _platform: Path(sys.argv[1])
from vox_telemetry_client.cli import run
sys.exit(run(sys.argv[2:]))
"""


@pytest.mark.parametrize("text", ["[telemetry]\nenabled = false\n", "not TOML"])
def test_the_policy_of_an_organisation_beats_everything(
    env: dict[str, str], tmp_path: Path, text: str
) -> None:
    put(new_spool(tmp_path / "spool"))
    policy = tmp_path / "telemetry-policy.toml"
    policy.write_text(text)
    with misbehaving_server() as server:
        consent_to(server.url)
        done = subprocess.run(
            [sys.executable, "-c", UNDER_A_POLICY, policy, "upload", "--json", "--url", server.url],
            env=os.environ | env | {"VOX_TELEMETRY": "on"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["kind"], server.requests) == (3, "switched-off", [])
    assert str(policy) in error["message"]


def test_the_users_configuration_is_obeyed(
    env: dict[str, str], tmp_path: Path, scrubbed_environment: Path, events_file: Path
) -> None:
    file = scrubbed_environment / "config_home" / "vox" / "config.toml"
    file.parent.mkdir()
    with misbehaving_server(then=stores()) as server:
        configured = {name: v for name, v in env.items() if name != "VOX_TELEMETRY_SPOOL_DIR"}
        text = f'[telemetry]\nupload_url = "{server.url}"\nspool_dir = "{tmp_path}/q"\n'
        file.write_text(text)
        assert consent("grant", env=configured).code == 0
        assert run_cli(PROGRAM, "enqueue", events_file, env=configured).code == 0
        assert len(names(tmp_path / "q" / "pending")) == 1
        file.write_text(text + "enabled = false\n")
        off = run_cli(PROGRAM, "upload", env=configured | {"VOX_TELEMETRY": "on"})
        assert (off.code, str(file) in off.err, server.requests) == (3, True, [])
        file.write_text(text + "enabled = flase\n")
        broken = run_cli(PROGRAM, "upload", "--json", env=configured)
        assert (broken.code, "is no TOML" in broken.err, server.requests) == (3, True, [])
        file.write_text(text)
        assert run_cli(PROGRAM, "upload", env=configured).code == 0


def test_an_s2_family_is_checked_only_when_it_is_opted_in(
    tmp_path: Path, scrubbed_environment: Path
) -> None:
    file = scrubbed_environment / "config_home" / "vox" / "config.toml"
    file.parent.mkdir()
    examples = Path(__file__).parents[3] / (
        "spec/vox_telemetry_spec/contracts/examples/usage-event-questioning-s2.examples.json"
    )
    event = json.loads(examples.read_text())["valid"][0]
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event.get("event", event)))
    refused = json.loads(run_cli(PROGRAM, "check", path, "--json").out)
    assert "policy.sensitivity-class" in {row["rule"] for row in refused["refused"]}
    file.write_text('[telemetry]\nopt_in_s2 = ["questioning_s2"]\n')
    opted_in = json.loads(run_cli(PROGRAM, "check", path, "--json").out)
    assert not {row["rule"] for row in opted_in["refused"] if row["rule"].startswith("policy.")}
    file.write_text('[telemetry]\nopt_in_s2 = ["questioning"]\n')
    unknown = run_cli(PROGRAM, "check", path)
    assert (unknown.code, "names 'questioning', expected families of S2" in unknown.err) == (
        3,
        True,
    )


def _start(*args: str, env: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command(PROGRAM, *args),
        env=os.environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _long_ago() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)
