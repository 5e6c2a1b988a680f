"""From one key to the next, and no queued upload is refused or lost on the way (failure case 50)."""

import json
from pathlib import Path

import pytest

from support.cli import Ran, run_cli
from support.client_enrolments import CODE, enrols
from support.client_world import consent_to, names, new_spool, problem, put, stores
from support.http_server import misbehaving_server

PROGRAM = "vox-telemetry"


def _keys(*args: str | Path, env: dict[str, str], input: str = "") -> Ran:  # noqa: A002 -- as in run_cli
    return run_cli(PROGRAM, "keys", *args, env=env, input=input)


@pytest.fixture
def old(client_env: dict[str, str]) -> str:
    """Give a client a key."""
    return str(json.loads(_keys("generate", env=client_env).out)["kid"])


def _states(env: dict[str, str]) -> dict[str, str]:
    rows = json.loads(_keys("list", "--json", env=env).out)["keys"]
    return {row["key_id"]: row["state"] for row in rows}


def _signer(headers: dict[str, str]) -> str:
    return headers["signature-input"].split('keyid="')[1].split('"')[0]


def test_without_a_code_the_new_key_is_next_and_the_old_one_goes_on_signing(
    client_env: dict[str, str], old: str, tmp_path: Path
) -> None:
    put(new_spool(tmp_path / "spool"))
    ran = _keys("rotate", "--json", env=client_env)
    document = json.loads(ran.out)
    assert (ran.code, document["current"], document["retiring_until"]) == (0, old, None)
    assert _states(client_env) == {old: "current", document["next"]: "next"}
    with misbehaving_server(stores()) as server:
        consent_to(server.url)
        assert run_cli(PROGRAM, "upload", "--url", server.url, env=client_env).code == 0
    assert _signer(dict(server.requests[0].headers)) == old
    said = _keys("rotate", env=client_env)
    assert f"{old} signs\n{document['next']} is next, and signs once it is enrolled" in said.out
    assert f"vox-telemetry keys use {document['next']}" in said.err


def test_with_a_code_the_new_key_is_enrolled_and_then_signs_what_was_queued_before(
    client_env: dict[str, str], old: str, tmp_path: Path
) -> None:
    put(new_spool(tmp_path / "spool"))
    with misbehaving_server(enrols(sink_key=None), stores()) as server:
        ran = _keys(
            *("rotate", "--enrol", "--json", "--overlap-hours", "1", "--url", server.url),
            env=client_env,
            input=f"{CODE}\n",
        )
        consent_to(server.url)
        assert run_cli(PROGRAM, "upload", "--url", server.url, env=client_env).code == 0
    document = json.loads(ran.out)
    new = document["current"]
    assert (ran.code, document["before"], document["next"]) == (0, old, None)
    assert _states(client_env) == {old: "retiring", new: "current"}
    enrolment, upload = server.requests
    assert _signer(dict(enrolment.headers)) == _signer(dict(upload.headers)) == new
    table = _keys("list", env=client_env).out
    assert f"retiring until {document['retiring_until']}" in table


def test_a_next_key_that_waits_for_approval_leaves_the_old_one_signing_until_it_is_approved(
    client_env: dict[str, str], old: str
) -> None:
    approved = enrols(200, approved_at="2026-11-22T13:00:00.000Z")
    with misbehaving_server(enrols(approved_at=None), approved) as server:
        waits = _keys("rotate", "--enrol", "--url", server.url, env=client_env, input=CODE)
        states = _states(client_env)
        done = _keys("enrol", "--url", server.url, env=client_env, input=CODE)
    (new,) = states.keys() - {old}
    assert (waits.code, states) == (0, {old: "current", new: "next"})
    assert waits.out == f"{old} signs\n{new} is next, and waits for approval\n"
    assert f"ask whoever runs the sink to approve key {new}" in waits.err
    assert f"{old} signs until then; once {new} is approved, enrol it again" in waits.err
    assert (done.code, done.out) == (0, f"{new} signs from now on\n")
    assert _states(client_env) == {old: "retiring", new: "current"}


def test_a_refused_code_leaves_the_old_key_signing_and_the_next_try_takes_the_same_key(
    client_env: dict[str, str], old: str
) -> None:
    with misbehaving_server(problem(403, "enrolment-code-refused"), enrols()) as server:
        args = ("rotate", "--code-file", "-", "--url", server.url)
        refused = _keys(*args, env=client_env, input=CODE)
        states = _states(client_env)
        done = _keys(*args, env=client_env, input=CODE)
    assert (refused.code, done.code) == (1, 0)
    (new,) = states.keys() - {old}
    assert states == {old: "current", new: "next"}
    assert _states(client_env) == {old: "retiring", new: "current"}


def test_a_next_key_signs_after_an_enrolment_by_hand_and_use(
    client_env: dict[str, str], old: str
) -> None:
    new = json.loads(_keys("rotate", "--json", env=client_env).out)["next"]
    ran = _keys("use", new, "--overlap-hours", "0", env=client_env)
    assert (ran.code, ran.out) == (0, f"{new} signs from now on\n")
    assert f"{old} is kept until" in ran.err
    assert _states(client_env) == {old: "retired", new: "current"}
    assert "retired, may be removed" in _keys("list", env=client_env).out
    # The overlap ends in words only: the old key can still be returned to.
    assert _keys("use", old, env=client_env).code == 0
    assert _states(client_env)[old] == "current"


def test_an_enrolment_takes_the_next_key_and_makes_it_current(
    client_env: dict[str, str], old: str
) -> None:
    new = json.loads(_keys("rotate", "--json", env=client_env).out)["next"]
    with misbehaving_server(enrols()) as server:
        ran = _keys("enrol", "--url", server.url, env=client_env, input=CODE)
    assert (ran.code, ran.out) == (0, f"{new} signs from now on\n")
    assert _states(client_env) == {old: "retiring", new: "current"}


def test_nothing_to_rotate_is_said(client_env: dict[str, str]) -> None:
    ran = _keys("rotate", env=client_env)
    assert (ran.code, "no signing key yet, make one" in ran.err) == (3, True)
    unknown = _keys("use", "x", env=client_env)
    assert (unknown.code, "no key 'x'" in unknown.err) == (3, True)


def test_a_key_file_is_not_rotated_behind_its_variable(
    client_env: dict[str, str], old: str, tmp_path: Path
) -> None:
    path = tmp_path / "key.jwk"
    _keys("generate", "--file", path, env=client_env)
    env = client_env | {"VOX_TELEMETRY_KEY_FILE": str(path)}
    ran = _keys("rotate", env=env)
    assert (ran.code, "make the next key with `keys generate --file`" in ran.err) == (3, True)
    used = _keys("use", old, env=env)
    assert "but VOX_TELEMETRY_KEY_FILE is set: its key signs" in used.err


@pytest.mark.parametrize(
    ("status", "slug", "advice"),
    [
        (403, "key-revoked", "vox-telemetry keys rotate --enrol"),
        (403, "key-not-approved", "ask whoever runs the sink to approve key "),
        (401, "key-expired", "vox-telemetry keys rotate --enrol"),
        (401, "key-not-yet-valid", "vox-telemetry keys use KEY_ID"),
        (401, "key-unknown", "vox-telemetry keys enrol"),
    ],
)
def test_a_key_that_the_sink_refuses_stops_the_run_and_keeps_what_is_queued(
    client_env: dict[str, str], old: str, tmp_path: Path, status: int, slug: str, advice: str
) -> None:
    put(new_spool(tmp_path / "spool"), events=4, max_events=2)
    before = names(tmp_path / "spool" / "pending")
    with misbehaving_server(problem(status, slug)) as server:
        consent_to(server.url)
        ran = run_cli(PROGRAM, "upload", "--url", server.url, env=client_env)
        assert len(server.requests) == 1
    assert ran.code == 1
    assert "everything is kept" in ran.err
    assert advice in ran.err
    assert names(tmp_path / "spool" / "pending") == before
    assert len(before) == 2
