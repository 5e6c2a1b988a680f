import json
import stat
from pathlib import Path

import pytest

from support.cli import run_cli
from vox_telemetry_spec.keys import PublicKey

PROGRAM = "vox-telemetry"


def _json(client_env: dict[str, str], *arguments: str) -> dict[str, object]:
    ran = run_cli(PROGRAM, *arguments, "--json", env=client_env)
    assert (ran.code, ran.err) == (0, "")
    document: dict[str, object] = json.loads(ran.out)
    return document


def test_a_key_is_made_shown_listed_and_removed(client_env: dict[str, str]) -> None:
    made = _json(client_env, "keys", "generate")
    assert _json(client_env, "keys", "show") == made
    assert set(made["jwk"]) == {"crv", "kty", "x", "kid"}  # type: ignore[call-overload]
    public = PublicKey.from_jwk(json.dumps(made["jwk"]).encode())
    assert public.key_id == made["key_id"]
    (listed,) = _json(client_env, "keys", "list")["keys"]  # type: ignore[misc]
    assert listed == {
        "key_id": made["key_id"],
        "created_at": listed["created_at"],
        "current": True,
        "state": "current",
        "retiring_until": None,
        "kept_in": "keyring",
        "enrolment": None,
    }
    assert _json(client_env, "keys", "remove", str(made["key_id"])) == {
        "removed": made["key_id"],
        "current": None,
    }
    assert _json(client_env, "keys", "list") == {"keys": []}


def test_the_shown_line_alone_is_what_a_sink_enrols(client_env: dict[str, str]) -> None:
    made = run_cli(PROGRAM, "keys", "generate", env=client_env)
    shown = run_cli(PROGRAM, "keys", "show", env=client_env)
    assert shown.out == made.out
    assert PublicKey.from_jwk(shown.out.encode()).key_id == json.loads(shown.out)["kid"]
    assert "vox-telemetry-sink keys add" in made.err


def test_an_older_key_can_be_shown_and_signs_again_when_the_newer_is_removed(
    client_env: dict[str, str],
) -> None:
    first, second = (str(_json(client_env, "keys", "generate")["key_id"]) for _ in range(2))
    assert _json(client_env, "keys", "show")["key_id"] == second
    assert _json(client_env, "keys", "show", first)["key_id"] == first
    table = run_cli(PROGRAM, "keys", "list", env=client_env).out
    assert [line.split()[0] for line in table.splitlines()] == ["KEY", first, second]
    assert table.count("current") == 1
    removed = run_cli(PROGRAM, "keys", "remove", second, env=client_env)
    assert f"{first} signs from now on" in removed.err


def test_no_key_yet_is_3(client_env: dict[str, str]) -> None:
    ran = run_cli(PROGRAM, "keys", "show", env=client_env)
    assert (ran.code, ran.err) == (
        3,
        "vox-telemetry: no signing key yet, make one: vox-telemetry keys generate\n",
    )
    assert "no keys yet" in run_cli(PROGRAM, "keys", "list", env=client_env).err


def test_a_key_file_is_made_shown_and_signs(client_env: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "key.jwk"
    made = run_cli(PROGRAM, "keys", "generate", "--file", path, env=client_env)
    assert made.code == 0
    assert f"set VOX_TELEMETRY_KEY_FILE={path}" in made.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # Not without the variable: there is no silent fallback.
    assert run_cli(PROGRAM, "keys", "show", env=client_env).code == 3
    env = {"VOX_TELEMETRY_KEY_FILE": str(path), "VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "s")}
    assert run_cli(PROGRAM, "keys", "show", env=env).out == made.out
    key_id = json.loads(made.out)["kid"]
    listed = run_cli(PROGRAM, "keys", "list", env=env).out
    assert [line.split()[0] for line in listed.splitlines()] == ["KEY", key_id]
    assert "current, key file" in listed
    assert f"key         {key_id} (key file)" in run_cli(PROGRAM, "status", env=env).out
    status = _json(env, "status")
    assert (status["key"], status["key_kept_in"]) == (key_id, "key file")
    again = run_cli(PROGRAM, "keys", "generate", "--file", path, env=env)
    assert (again.code, "never overwritten" in again.err) == (3, True)


def test_a_key_file_that_others_can_read_signs_nothing(
    client_env: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "key.jwk"
    run_cli(PROGRAM, "keys", "generate", "--file", path, env=client_env)
    path.chmod(0o644)
    _json(client_env, "keys", "generate")  # a keyring's key, which must not stand in for it
    env = client_env | {"VOX_TELEMETRY_KEY_FILE": str(path)}
    for command in ("keys show", "keys list"):
        ran = run_cli(PROGRAM, *command.split(), env=env)
        assert (ran.code, ran.out) == (3, "")
        assert "its mode is 0644, expected 0600 or 0400: run chmod 600" in ran.err
    status = _json(env, "status")
    assert status["key"] is None
    assert "its mode is 0644" in str(status["key_trouble"])


def test_a_blank_key_file_is_a_mistake_and_not_the_keyring(client_env: dict[str, str]) -> None:
    _json(client_env, "keys", "generate")
    ran = run_cli(PROGRAM, "keys", "show", env=client_env | {"VOX_TELEMETRY_KEY_FILE": " "})
    assert ran.code == 3
    assert "VOX_TELEMETRY_KEY_FILE is blank, expected a path" in ran.err


def test_the_keyrings_key_is_said_to_rest_while_a_key_file_signs(
    client_env: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "key.jwk"
    in_keyring = _json(client_env, "keys", "generate")["key_id"]
    run_cli(PROGRAM, "keys", "generate", "--file", path, env=client_env)
    env = client_env | {"VOX_TELEMETRY_KEY_FILE": str(path)}
    table = run_cli(PROGRAM, "keys", "list", env=env).out
    (line,) = [line for line in table.splitlines() if line.startswith(str(in_keyring))]
    assert "unused while VOX_TELEMETRY_KEY_FILE is set" in line
    rows = _json(env, "keys", "list")["keys"]
    assert [(row["kept_in"], row["current"]) for row in rows] == [  # type: ignore[attr-defined]
        ("keyring", False),
        ("key file", True),
    ]


@pytest.mark.parametrize("command", ["show", "use", "remove", "enrol"])
def test_a_key_id_that_begins_with_a_dash_is_no_option(
    client_env: dict[str, str], command: str
) -> None:
    ran = run_cli(PROGRAM, "keys", command, "-kPrK_qm", "--json", env=client_env)
    assert (ran.code, json.loads(ran.out)["error"]["kind"]) == (3, "credential")
    assert "no key '-kPrK_qm'" in ran.err
