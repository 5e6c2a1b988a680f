"""Against a real Secret Service, and with a key file."""

import json
from pathlib import Path

import keyring.backends.fail
import pytest
from keyring.backend import KeyringBackend

from support.client_world import NOW
from support.hiding import assert_hidden
from support.keyrings import OddKeyring, use_keyring
from vox_telemetry_client import credentials, own_keys
from vox_telemetry_client.config import Config, from_env
from vox_telemetry_client.errors import CredentialError, NotConfiguredError

HERE = Path("/here")


def _config(**environ: str) -> Config:
    return from_env(environ, HERE)


def test_a_damaged_key_is_named_without_its_bytes(keyring_backend: KeyringBackend) -> None:
    known = own_keys.generate(NOW, use=True)
    keyring_backend.set_password("vox-telemetry", known.key_id, "s3cret")
    with pytest.raises(
        CredentialError, match=f"key {known.key_id} in the keyring is damaged"
    ) as caught:
        credentials.load_key(None)
    assert "s3cret" not in str(caught.value)


def test_the_environment_comes_before_the_keyring(keyring_backend: KeyringBackend) -> None:
    for user in ("VoxTelemetryUploadUrl", "VoxTelemetryUploadToken"):
        keyring_backend.set_password("vox-telemetry", user, "from-keyring")
    assert credentials.upload_url(_config()) == "from-keyring"
    assert credentials.upload_token(_config()) == "from-keyring"
    assert credentials.upload_url(_config(VOX_TELEMETRY_UPLOAD_URL=" https://x ")) == "https://x"
    assert credentials.upload_token(_config(VOX_TELEMETRY_UPLOAD_TOKEN="abc")) == "abc"


def test_nothing_set_anywhere(keyring_backend: KeyringBackend) -> None:
    with pytest.raises(
        NotConfiguredError, match="no upload URL: set VOX_TELEMETRY_UPLOAD_URL, pass --url"
    ):
        credentials.upload_url(_config())
    assert credentials.upload_token(_config()) is None


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_a_blank_secret_is_an_error(blank: str) -> None:
    with pytest.raises(
        NotConfiguredError, match="VOX_TELEMETRY_UPLOAD_URL is blank, expected a value"
    ):
        credentials.upload_url(_config(VOX_TELEMETRY_UPLOAD_URL=blank))
    with pytest.raises(
        NotConfiguredError, match="VOX_TELEMETRY_UPLOAD_TOKEN is blank, expected a value"
    ):
        credentials.upload_token(_config(VOX_TELEMETRY_UPLOAD_TOKEN=blank))


def test_a_blank_secret_in_the_keyring_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    use_keyring(monkeypatch, OddKeyring(stored=" "))
    with pytest.raises(NotConfiguredError, match="VoxTelemetryUploadToken in the keyring is blank"):
        credentials.upload_token(_config())


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "é", "="])
def test_a_token_that_no_header_can_carry_is_refused_unseen(token: str) -> None:
    with pytest.raises(NotConfiguredError, match="is no bearer token") as caught:
        credentials.upload_token(
            _config(VOX_TELEMETRY_UPLOAD_TOKEN=f"s3cret{token}" if token != "=" else "=")
        )
    assert "s3cret" not in str(caught.value)


def test_a_key_file_signs_and_the_keyring_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "key.jwk"
    made = own_keys.generate_file(path)
    use_keyring(monkeypatch, keyring.backends.fail.Keyring())
    config = _config(VOX_TELEMETRY_KEY_FILE=str(path), VOX_TELEMETRY_UPLOAD_URL="https://x")
    assert credentials.load_key(config.key_file).public.key_id == made.public.key_id
    assert credentials.upload_url(config) == "https://x"
    assert credentials.upload_token(config) is None


def test_a_key_file_that_is_gone_is_no_reason_to_take_the_keyrings_key(
    keyring_backend: KeyringBackend, tmp_path: Path
) -> None:
    own_keys.generate(NOW, use=True)
    with pytest.raises(CredentialError, match=r"the key file .*gone cannot be read: no such file"):
        credentials.load_key(tmp_path / "gone")


def test_nothing_falls_back_to_a_file_that_is_not_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own_keys.generate_file(tmp_path / "key.jwk")
    monkeypatch.chdir(tmp_path)
    use_keyring(monkeypatch, keyring.backends.fail.Keyring())
    with pytest.raises(CredentialError, match="no signing key yet"):
        credentials.load_key(None)


def test_a_damaged_key_leaves_nothing_for_a_traceback_with_locals(
    keyring_backend: KeyringBackend,
) -> None:
    known = own_keys.generate(NOW, use=True)
    stored = keyring_backend.get_password("vox-telemetry", known.key_id) or ""
    secret = json.loads(stored)["d"]
    keyring_backend.set_password("vox-telemetry", known.key_id, stored.replace(known.x, "A" * 43))
    with pytest.raises(CredentialError, match="do not belong together") as caught:
        credentials.load_key(None)
    assert_hidden(caught.value, secret)
