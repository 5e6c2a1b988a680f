import json
import os
import subprocess
import sys
from pathlib import Path

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
    assert (listed["key_id"], listed["current"]) == (made["key_id"], True)
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


def test_no_private_key_is_ever_written_or_printed(
    client_env: dict[str, str], scrubbed_environment: Path
) -> None:
    ran = [
        run_cli(PROGRAM, "keys", *line.split(), env=client_env)
        for line in ("generate", "show", "show --json", "list", "list --json")
    ]
    key_id = json.loads(ran[0].out)["kid"]
    code = "import keyring, sys; print(keyring.get_password('vox-telemetry', sys.argv[1]))"
    private = subprocess.run(
        [sys.executable, "-c", code, key_id],
        env=os.environ | client_env,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    secret = json.loads(private)["d"]
    assert len(secret) == 43
    assert all(secret not in one.out + one.err for one in ran)
    files = [path for path in scrubbed_environment.rglob("*") if path.is_file()]
    assert files
    assert all(secret.encode() not in path.read_bytes() for path in files)


def test_no_key_yet_is_3(client_env: dict[str, str]) -> None:
    ran = run_cli(PROGRAM, "keys", "show", env=client_env)
    assert (ran.code, ran.err) == (
        3,
        "vox-telemetry: no signing key yet, make one: vox-telemetry keys generate\n",
    )
    assert "no keys yet" in run_cli(PROGRAM, "keys", "list", env=client_env).err
