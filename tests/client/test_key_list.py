import json
import stat
from pathlib import Path

import pytest

from vox_telemetry_client import key_list
from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.key_list import KeyList, KnownKey

A, B, C = (KnownKey(name, name * 3, "2026-11-22T12:00:00.000Z") for name in "abc")


def test_the_newest_key_signs() -> None:
    keys = KeyList().with_key(A).with_key(B)
    assert keys.current == "b"
    assert keys.find(None) == B
    assert keys.find("a") == A


def test_after_a_removal_the_newest_of_the_others_signs() -> None:
    keys = KeyList().with_key(A).with_key(B).with_key(C)
    assert keys.without("c").current == "b"
    assert keys.without("a").current == "c"
    assert KeyList().with_key(A).without("a") == KeyList()


def test_no_key_is_said_with_the_command_that_makes_one() -> None:
    with pytest.raises(
        CredentialError, match="no signing key yet, make one: vox-telemetry keys generate"
    ):
        KeyList().find(None)
    with pytest.raises(CredentialError, match="no key 'x'"):
        KeyList().find("x")


def test_the_list_lies_in_the_users_configuration_and_is_only_for_the_user(
    scrubbed_environment: Path,
) -> None:
    assert key_list.read() == KeyList()
    key_list.write(KeyList().with_key(A))
    path = scrubbed_environment / "config_home" / "vox-telemetry" / "keys.json"
    assert key_list.path() == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {
        "current": "a",
        "keys": [{"key_id": "a", "x": "aaa", "created_at": "2026-11-22T12:00:00.000Z"}],
    }
    assert key_list.read() == KeyList().with_key(A)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"keys":5}'])
def test_a_damaged_list_is_named_and_not_overwritten(content: bytes) -> None:
    key_list.path().parent.mkdir(parents=True)
    key_list.path().write_bytes(content)
    with pytest.raises(
        CredentialError, match=r"keys\.json cannot be read, expected a list of public keys"
    ):
        key_list.read()


def test_a_list_that_cannot_be_written_is_named() -> None:
    key_list.path().mkdir(parents=True)
    with pytest.raises(CredentialError, match=r"keys\.json cannot be written"):
        key_list.write(KeyList())


def test_the_jwk_is_the_public_one_with_its_id() -> None:
    assert A.jwk == {"crv": "Ed25519", "kty": "OKP", "x": "aaa", "kid": "a"}
