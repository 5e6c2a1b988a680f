import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from support.cli import run_cli
from support.client_world import SEED
from support.terminal import run_on_terminal
from vox_telemetry_spec.keys import SigningKey

PROGRAM = "vox-telemetry"
KEY = SigningKey(SEED)
PRIVATE = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
PASSPHRASE = "correct horse"
PEM = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
ENCRYPTED = PRIVATE.private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode())
).decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "key.pem"
    made.touch(mode=0o600)
    made.write_text(PEM)
    return made


def test_a_key_from_a_file_is_kept_in_the_keyring_and_signs(
    client_env: dict[str, str], path: Path
) -> None:
    ran = run_cli(PROGRAM, "keys", "import", path, env=client_env)
    assert (ran.code, json.loads(ran.out)) == (0, {**KEY.public.jwk, "kid": KEY.public.key_id})
    assert "is in the keyring and signs from now on; the file is as it was" in ran.err
    assert path.read_text() == PEM
    shown = run_cli(PROGRAM, "keys", "show", "--json", env=client_env)
    assert json.loads(shown.out)["key_id"] == KEY.public.key_id


def test_a_key_from_stdin_that_is_not_to_be_used_is_next(client_env: dict[str, str]) -> None:
    first = json.loads(run_cli(PROGRAM, "keys", "generate", env=client_env).out)["kid"]
    ran = run_cli(
        PROGRAM, "keys", "import", "--no-use", "-", env=client_env, input=KEY.private_jwk()
    )
    assert ran.code == 0
    rows = json.loads(run_cli(PROGRAM, "keys", "list", "--json", env=client_env).out)["keys"]
    assert [(row["key_id"], row["state"]) for row in rows] == [
        (first, "current"),
        (KEY.public.key_id, "next"),
    ]


def test_a_file_that_others_can_read_is_refused(client_env: dict[str, str], path: Path) -> None:
    path.chmod(0o640)
    ran = run_cli(PROGRAM, "keys", "import", path, env=client_env)
    assert (ran.code, ran.out) == (3, "")
    assert "its mode is 0640, expected 0600 or 0400: run chmod 600" in ran.err


def test_a_key_of_another_kind_is_refused_with_a_clear_line(
    client_env: dict[str, str], path: Path
) -> None:
    other = rsa.generate_private_key(65_537, 2_048)
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    ran = run_cli(PROGRAM, "keys", "import", path, env=client_env)
    assert ran.code == 3
    assert "this is a key of another kind (RSA), expected an Ed25519 private key" in ran.err


def test_a_passphrase_is_asked_for_on_a_terminal_and_not_shown(
    client_env: dict[str, str], path: Path
) -> None:
    path.write_text(ENCRYPTED)
    asked = {"passphrase of the key: ": PASSPHRASE}
    ran = run_on_terminal(PROGRAM, "keys", "import", path, answers=asked, env=client_env)
    assert ran.code == 0
    assert KEY.public.key_id in ran.out
    assert PASSPHRASE not in ran.out


def test_a_wrong_passphrase_is_said_and_not_shown(client_env: dict[str, str], path: Path) -> None:
    path.write_text(ENCRYPTED)
    asked = {"passphrase of the key: ": "battery staple"}
    ran = run_on_terminal(PROGRAM, "keys", "import", path, answers=asked, env=client_env)
    assert ran.code == 3
    assert "the passphrase is not the key's" in ran.out
    assert "battery" not in ran.out


@pytest.mark.parametrize("source", ["file", "-"])
def test_without_a_terminal_nobody_is_asked_for_a_passphrase(
    client_env: dict[str, str], path: Path, source: str
) -> None:
    path.write_text(ENCRYPTED)
    given = ENCRYPTED if source == "-" else f"{PASSPHRASE}\n"
    name = path if source == "file" else "-"
    ran = run_cli(PROGRAM, "keys", "import", name, env=client_env, input=given)
    assert ran.code == 3
    assert "the key is encrypted and there is no terminal to ask for its passphrase" in ran.err


def test_a_key_is_not_typed_into_a_terminal(client_env: dict[str, str]) -> None:
    ran = run_on_terminal(PROGRAM, "keys", "import", "-", answers={}, env=client_env)
    assert ran.code == 3
    assert "standard input is a terminal, which would show the key" in ran.out


def test_an_endless_stdin_is_not_read_to_its_end(client_env: dict[str, str]) -> None:
    ran = run_cli(PROGRAM, "keys", "import", "-", env=client_env, input="x" * 1_000_000)
    assert ran.code == 3
    assert "standard input holds more than 16384 bytes, expected one private key" in ran.err


def test_there_is_no_option_for_a_passphrase(client_env: dict[str, str]) -> None:
    shown = run_cli(PROGRAM, "keys", "import", "--help", env=client_env).out
    assert "passphrase" not in shown.lower()
    assert "password" not in shown.lower()
