"""Against a real Secret Service, and against machines that have none."""

import json
import time
from pathlib import Path

import keyring
import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest
from keyring.backend import KeyringBackend

from support.client_world import NOW
from vox_telemetry_client import credentials, key_list
from vox_telemetry_client.config import Config, from_env
from vox_telemetry_client.errors import CredentialError, NotConfiguredError
from vox_telemetry_spec.keys import SigningKey

HERE = Path("/here")


def _config(**environ: str) -> Config:
    return from_env(environ, HERE)


class _Odd(KeyringBackend):
    """A backend, as a plug-in may be."""

    priority = 1  # type: ignore[assignment]

    def __init__(self, failure: Exception | None = None, stored: str | None = None) -> None:
        super().__init__()
        self.failure = failure
        self.stored = stored

    def get_password(self, *_: str) -> str | None:
        if self.failure is not None:
            raise self.failure
        return self.stored

    def set_password(self, *_: str) -> None:
        if self.failure is not None:
            raise self.failure


def _use(monkeypatch: pytest.MonkeyPatch, backend: KeyringBackend) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)


def test_a_key_is_made_kept_and_read_back(keyring_backend: KeyringBackend) -> None:
    known = credentials.generate_key(NOW)
    key = credentials.load_key()
    assert key.public.key_id == known.key_id == key_list.read().current
    stored = keyring_backend.get_password("vox-telemetry", known.key_id)
    assert stored is not None
    assert json.loads(stored)["x"] == known.x
    assert SigningKey.from_private_jwk(stored).public.key_id == known.key_id


def test_every_key_is_another_and_the_newest_signs(keyring_backend: KeyringBackend) -> None:
    made = [credentials.generate_key(NOW).key_id for _ in range(3)]
    assert len(set(made)) == 3
    assert credentials.load_key().public.key_id == made[-1]


def test_no_key_id_looks_like_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = [number.to_bytes(32) for number in range(1_000)]
    hyphen = next(seed for seed in seeds if SigningKey(seed).public.key_id.startswith("-"))
    given = iter([hyphen, bytes(32)])
    monkeypatch.setattr("secrets.token_bytes", lambda _count: next(given))
    assert credentials._typeable_key().public.key_id == SigningKey(bytes(32)).public.key_id


def test_a_removed_key_is_gone_from_the_keyring(keyring_backend: KeyringBackend) -> None:
    first, second = credentials.generate_key(NOW), credentials.generate_key(NOW)
    assert credentials.remove_key(second.key_id) == first.key_id
    assert keyring_backend.get_password("vox-telemetry", second.key_id) is None
    assert credentials.remove_key(first.key_id) is None
    with pytest.raises(CredentialError, match="no signing key yet"):
        credentials.load_key()


def test_a_key_that_the_keyring_has_lost_can_still_be_removed(
    keyring_backend: KeyringBackend,
) -> None:
    known = credentials.generate_key(NOW)
    keyring_backend.delete_password("vox-telemetry", known.key_id)
    with pytest.raises(CredentialError, match=f"has no private half of key {known.key_id}"):
        credentials.load_key()
    assert credentials.remove_key(known.key_id) is None


def test_a_damaged_key_is_named_without_its_bytes(keyring_backend: KeyringBackend) -> None:
    known = credentials.generate_key(NOW)
    keyring_backend.set_password("vox-telemetry", known.key_id, "s3cret")
    with pytest.raises(
        CredentialError, match=f"key {known.key_id} in the keyring is damaged"
    ) as caught:
        credentials.load_key()
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
    _use(monkeypatch, _Odd(stored=" "))
    with pytest.raises(NotConfiguredError, match="VoxTelemetryUploadToken in the keyring is blank"):
        credentials.upload_token(_config())


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "é", "="])
def test_a_token_that_no_header_can_carry_is_refused_unseen(token: str) -> None:
    with pytest.raises(NotConfiguredError, match="is no bearer token") as caught:
        credentials.upload_token(
            _config(VOX_TELEMETRY_UPLOAD_TOKEN=f"s3cret{token}" if token != "=" else "=")
        )
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "backend",
    [
        keyring.backends.fail.Keyring(),
        _Odd(keyring.errors.KeyringLocked("s3cret")),
        _Odd(keyring.errors.InitError("x")),
        _Odd(FileNotFoundError(2, "no bus")),
        _Odd(RuntimeError("plug-in")),
    ],
    ids=["none", "locked", "init", "dead-bus", "plug-in"],
)
def test_whatever_a_keyring_raises_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, backend: KeyringBackend
) -> None:
    _use(monkeypatch, backend)
    with pytest.raises(
        CredentialError, match="no usable keyring: unlock yours; without a desktop"
    ) as caught:
        credentials.generate_key(NOW)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(CredentialError, match=r"no upload URL: set .* \(no usable keyring"):
        credentials.upload_url(_config())
    assert key_list.read().keys == []


@pytest.mark.parametrize("backend", [keyring.backends.null.Keyring(), _Odd(stored="another")])
def test_a_keyring_that_keeps_nothing_is_found_out(
    monkeypatch: pytest.MonkeyPatch, backend: KeyringBackend
) -> None:
    _use(monkeypatch, backend)
    with pytest.raises(CredentialError, match="took the key and does not give it back"):
        credentials.generate_key(NOW)
    assert key_list.read().keys == []


def test_a_keyring_that_never_answers_is_waited_for_in_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Hanging(_Odd):
        def get_password(self, *_: str) -> str | None:
            time.sleep(3)
            return None

    _use(monkeypatch, Hanging())
    monkeypatch.setattr(credentials, "KEYRING_WAIT_S", 0.1)
    began = time.monotonic()
    with pytest.raises(CredentialError, match="did not answer in 0 s"):
        credentials.upload_token(_config())
    assert time.monotonic() - began < 2
