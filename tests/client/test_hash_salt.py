import keyring
import pytest
from keyring.backend import KeyringBackend

from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.hash_salt import hash_salt

ENTRY = ("vox-telemetry", "VoxTelemetryHashSalt")


def test_the_salt_is_made_once_and_never_changes(keyring_backend: KeyringBackend) -> None:
    salt = hash_salt()
    assert len(salt) == 32
    assert hash_salt() == salt
    assert keyring_backend.get_password(*ENTRY) == salt.hex()


def test_who_removes_the_salt_gets_another(keyring_backend: KeyringBackend) -> None:
    salt = hash_salt()
    keyring_backend.delete_password(*ENTRY)
    assert hash_salt() != salt


@pytest.mark.parametrize("text", ["too short", "", "A" * 64, "0" * 65])
def test_a_salt_that_is_none_is_said_so_and_not_replaced(
    keyring_backend: KeyringBackend, text: str
) -> None:
    keyring_backend.set_password(*ENTRY, text)
    with pytest.raises(CredentialError, match="expected 64 hex digits: remove it with") as refused:
        hash_salt()
    assert not text or text not in str(refused.value)
    assert keyring_backend.get_password(*ENTRY) == text


class _Forgetful(KeyringBackend):
    priority = 1  # type: ignore[assignment]

    def get_password(self, *_: str) -> str | None:
        return None

    def set_password(self, *_: str) -> None:
        pass


def test_a_keyring_that_keeps_no_salt_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", _Forgetful)
    with pytest.raises(CredentialError, match="does not give it back"):
        hash_salt()
