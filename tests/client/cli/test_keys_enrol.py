import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import Ran, run_cli
from support.client_enrolments import CODE, SINK_KEY, enrols
from support.client_world import consent_to, new_spool, problem, put
from support.http_answers import close_after_reading
from support.http_server import misbehaving_server
from support.terminal import run_on_terminal

PROGRAM = "vox-telemetry"


@pytest.fixture
def env(client_env: dict[str, str]) -> dict[str, str]:
    """Give a client a key."""
    assert run_cli(PROGRAM, "keys", "generate", env=client_env).code == 0
    return client_env


def _enrol(url: str, *args: str, env: dict[str, str], code: str = CODE) -> Ran:
    return run_cli(PROGRAM, "keys", "enrol", "--url", url, *args, env=env, input=f"{code}\n")


def _rows(env: dict[str, str]) -> list[dict[str, Any]]:
    listed = run_cli(PROGRAM, "keys", "list", "--json", env=env).out
    rows: list[dict[str, Any]] = json.loads(listed)["keys"]
    return rows


def test_a_code_on_stdin_enrols_the_key_and_what_the_sink_said_is_kept(
    env: dict[str, str],
) -> None:
    with misbehaving_server(enrols(not_after="2027-11-22T12:00:00.000Z")) as server:
        origin = server.url
        ran = _enrol(origin, "--json", env=env)
    (row,) = _rows(env)
    said = {
        "enrolled_at": "2026-11-22T12:00:00.000Z",
        "origin": origin,
        "name": "alice",
        "max_sensitivity": "S1",
        "not_after": "2027-11-22T12:00:00.000Z",
        "sink_key": SINK_KEY,
    }
    assert ran.code == 0
    assert json.loads(ran.out) == {
        "key_id": row["key_id"],
        "enrolment": said,
        "current": row["key_id"],
    }
    assert row["enrolment"] == said
    table = run_cli(PROGRAM, "keys", "list", env=env).out
    assert f"{origin} as alice until 2027-11-22T12:00:00.000Z" in table
    assert json.loads(server.requests[0].body)["code"] == CODE


def test_a_key_that_waits_is_said_to_with_whom_to_ask_and_status_needs_no_network(
    env: dict[str, str], tmp_path: Path
) -> None:
    put(new_spool(tmp_path / "spool"))
    with misbehaving_server(enrols(approved_at=None)) as server:
        ran = _enrol(server.url, env=env)
        consent_to(server.url)
        env = env | {"VOX_TELEMETRY_UPLOAD_URL": server.url}
    (row,) = _rows(env)
    ask = f"ask whoever runs the sink to approve key {row['key_id']}"
    assert (ran.code, row["enrolment"]["waits_for_approval"]) == (0, True)
    assert f"it waits for approval, and nothing that it signs is taken until then: {ask}" in ran.err
    assert "as alice, waits for approval" in run_cli(PROGRAM, "keys", "list", env=env).out
    status = json.loads(run_cli(PROGRAM, "status", "--json", env=env).out)
    assert status["key_waits_for_approval"] is True
    assert status["next"].startswith(ask)
    said = run_cli(PROGRAM, "status", env=env).out
    assert f"key         {row['key_id']} (keyring), waits for approval\n" in said
    doctor = run_cli(PROGRAM, "doctor", "--offline", "--json", env=env).out
    found = {one["id"]: one for one in json.loads(doctor)["checks"]}["key.enrolled"]
    assert (found["state"], found["advice"].startswith(ask)) == ("warn", True)


def test_the_same_code_again_tells_of_the_approval(env: dict[str, str]) -> None:
    approved = enrols(200, approved_at="2026-11-22T13:00:00.000Z")
    with misbehaving_server(enrols(approved_at=None), approved) as server:
        _enrol(server.url, env=env)
        again = _enrol(server.url, env=env)
    (row,) = _rows(env)
    assert (again.code, "approval" in again.err) == (0, False)
    assert "waits_for_approval" not in row["enrolment"]
    status = json.loads(run_cli(PROGRAM, "status", "--json", env=env).out)
    assert status["key_waits_for_approval"] is False


def test_enrolment_needs_no_consent_and_no_spool(env: dict[str, str], tmp_path: Path) -> None:
    with misbehaving_server(enrols()) as server:
        ran = _enrol(server.url, env=env)
    assert ran.code == 0
    assert "is enrolled at http://127.0.0.1:" in ran.err
    assert not (tmp_path / "spool").exists()
    assert CODE not in ran.out + ran.err


@pytest.mark.parametrize("spelling", [CODE.lower(), CODE.replace("-", ""), f"  {CODE}  "])
def test_a_code_is_read_as_people_write_it(env: dict[str, str], spelling: str) -> None:
    with misbehaving_server(enrols()) as server:
        assert _enrol(server.url, env=env, code=spelling).code == 0
    assert json.loads(server.requests[0].body)["code"] == CODE


def test_a_code_is_asked_for_on_a_terminal_and_not_shown(env: dict[str, str]) -> None:
    with misbehaving_server(enrols()) as server:
        ran = run_on_terminal(
            PROGRAM,
            "keys",
            "enrol",
            "--url",
            server.url,
            answers={"one-time code: ": CODE},
            env=env,
        )
    assert ran.code == 0
    assert "as alice" in ran.out
    assert CODE not in ran.out


def test_a_code_from_a_file_also_through_a_link(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "code").write_text(f"{CODE}\n")
    (tmp_path / "link").symlink_to("code")
    with misbehaving_server(enrols()) as server:
        ran = _enrol(server.url, "--code-file", str(tmp_path / "link"), env=env, code="no")
    assert ran.code == 0
    gone = _enrol("https://sink.example", "--code-file", str(tmp_path / "gone"), env=env)
    assert (gone.code, "gone cannot be read: no such file" in gone.err) == (3, True)


@pytest.mark.parametrize("code", ["", "s3cret-code", "UUUUU-UUUUU-UUUUU-UUUUU", "x" * 5_000])
def test_what_is_no_code_is_refused_before_anything_is_sent(env: dict[str, str], code: str) -> None:
    with misbehaving_server(enrols()) as server:
        ran = _enrol(server.url, env=env, code=code)
        assert server.requests == []
    assert ran.code == 3
    assert "no one-time code was given" in ran.err or "this is no enrolment code" in ran.err
    assert not code or code not in ran.err


@pytest.mark.parametrize(
    "switch", [{"VOX_TELEMETRY": "off"}, {"DO_NOT_TRACK": "1"}], ids=["master", "do-not-track"]
)
def test_nothing_is_sent_nor_asked_for_while_a_switch_is_off(
    env: dict[str, str], switch: dict[str, str]
) -> None:
    with misbehaving_server(enrols()) as server:
        ran = _enrol(server.url, env=env | switch, code="")
        assert server.requests == []
    assert ran.code == 3
    assert next(iter(switch)) in ran.err


def test_nothing_is_sent_while_the_users_configuration_says_off(
    env: dict[str, str], scrubbed_environment: Path
) -> None:
    settings = scrubbed_environment / "config_home" / "vox" / "config.toml"
    settings.parent.mkdir()
    settings.write_text("[telemetry]\nenabled = false\n")
    with misbehaving_server(enrols()) as server:
        ran = _enrol(server.url, env=env)
        assert server.requests == []
    assert (ran.code, "switches telemetry off" in ran.err) == (3, True)


def test_plain_http_to_another_machine_is_refused(env: dict[str, str]) -> None:
    ran = _enrol("http://sink.example", env=env)
    assert ran.code == 3
    assert "is plain http to 'sink.example', expected https" in ran.err


def test_a_url_that_does_not_say_where_keys_go_is_refused(env: dict[str, str]) -> None:
    ran = _enrol("https://sink.example/elsewhere", env=env)
    assert (ran.code, "does not end in /batches" in ran.err) == (3, True)


def test_a_refused_code_is_1_and_enrols_nothing(env: dict[str, str]) -> None:
    with misbehaving_server(problem(403, "enrolment-code-refused", detail=CODE)) as server:
        ran = _enrol(server.url, "--json", env=env)
    assert ran.code == 1
    assert json.loads(ran.out)["error"]["kind"] == "enrolment"
    assert "the code is wrong, used or expired" in ran.err
    assert CODE not in ran.out + ran.err
    assert _rows(env)[0]["enrolment"] is None


def test_a_lost_answer_can_be_asked_for_again(env: dict[str, str]) -> None:
    with misbehaving_server(close_after_reading(), enrols(200)) as server:
        lost = _enrol(server.url, env=env)
        assert (lost.code, "run this again with the same code" in lost.err) == (1, True)
        assert _enrol(server.url, env=env).code == 0
    first, second = (json.loads(request.body) for request in server.requests)
    assert first == second
    assert _rows(env)[0]["enrolment"] is not None


def test_an_enrolment_that_cannot_be_written_down_says_so(
    env: dict[str, str], scrubbed_environment: Path
) -> None:
    lock = scrubbed_environment / "config_home" / "vox-telemetry" / "keys.lock"
    lock.unlink()
    lock.mkdir()
    with misbehaving_server(enrols()) as server:
        ran = _enrol(server.url, env=env)
    assert ran.code == 3
    assert "the sink has enrolled the key, but" in ran.err
    assert "then run this again with the same code" in ran.err


def test_a_key_file_is_enrolled_and_listed(tmp_path: Path) -> None:
    path = tmp_path / "key.jwk"
    made = json.loads(run_cli(PROGRAM, "keys", "generate", "--file", path).out)
    env = {"VOX_TELEMETRY_KEY_FILE": str(path)}
    with misbehaving_server(enrols()) as server:
        ran = _enrol(server.url, "--json", env=env)
        other = _enrol(server.url, "A" * 43, env=env)
    assert ran.code == 0
    (row,) = _rows(env)
    assert (row["key_id"], row["state"], row["kept_in"]) == (made["kid"], "current", "key file")
    assert row["enrolment"] is not None
    (resting,) = _rows({})
    assert (resting["state"], resting["current"]) == ("in a file", False)
    assert (other.code, "unset it to enrol another" in other.err) == (3, True)


def test_the_code_is_no_argument(env: dict[str, str]) -> None:
    shown = run_cli(PROGRAM, "keys", "enrol", "--help", env=env).out
    options = [word for word in shown.split() if word.startswith("--")]
    assert options == ["--url", "--code-file", "--json", "--help", "--code-file"]
