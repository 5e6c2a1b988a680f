"""Keys and secrets: the only file that talks to the keyring, and the only one that imports it.

Secrets come from the environment, then from the keyring (service `vox-telemetry`, users
`VoxTelemetryUploadUrl` and `VoxTelemetryUploadToken`); a private key lies there under its key id.
There is no plain-text fallback: a machine without a keyring is told so.
"""

import re
import secrets
from collections.abc import Callable
from datetime import datetime
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from vox_telemetry_client import key_list
from vox_telemetry_client.config import UPLOAD_TOKEN, UPLOAD_URL, Config
from vox_telemetry_client.errors import CredentialError, NotConfiguredError
from vox_telemetry_client.key_list import KnownKey
from vox_telemetry_client.limits import KEYRING_WAIT_S
from vox_telemetry_spec.errors import KeyRefusedError
from vox_telemetry_spec.keys import KEY_BYTES, SigningKey
from vox_telemetry_spec.times import format_time

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "vox-telemetry"
URL_USER = "VoxTelemetryUploadUrl"
TOKEN_USER = "VoxTelemetryUploadToken"  # noqa: S105 -- the entry's name, not a token
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # b64token, RFC 6750 section 2.1
_HEADLESS = (
    "no usable keyring: unlock yours; without a desktop, start a Secret Service (gnome-keyring "
    "under D-Bus) or name a backend in PYTHON_KEYRING_BACKEND"
)

T = TypeVar("T")


def upload_url(config: Config) -> str:
    """Return the upload URL.

    Raises:
        NotConfiguredError: none is set, or a blank one.
        CredentialError: not in the environment, and the keyring cannot be asked.

    """
    advice = (
        f"no upload URL: set {UPLOAD_URL}, pass --url, or run: keyring set {SERVICE} {URL_USER}"
    )
    try:
        url = _secret(config.upload_url, UPLOAD_URL, URL_USER)
    except CredentialError as exc:
        raise CredentialError(f"{advice} ({exc})") from exc
    if url is None:
        raise NotConfiguredError(advice)
    return url


def upload_token(config: Config) -> str | None:
    """Return the bearer token, or None where none is configured.

    Raises:
        NotConfiguredError: a blank token, or one that no header can carry.
        CredentialError: not in the environment, and the keyring cannot be asked.

    """
    token = _secret(config.upload_token, UPLOAD_TOKEN, TOKEN_USER)
    if token is not None and _TOKEN.fullmatch(token) is None:
        raise NotConfiguredError(
            f"{UPLOAD_TOKEN} is no bearer token, expected letters, digits and ._~+/-= (RFC 6750)"
        )
    return token


def generate_key(now: datetime) -> KnownKey:
    """Make a key, keep it in the keyring, and sign with it from now on.

    Raises:
        CredentialError: the keyring does not keep it, or the key list cannot be written.

    """
    keys = key_list.read()
    key = _typeable_key()
    key_id, private = key.public.key_id, key.private_jwk()
    _ask(lambda: _keyring().set_password(SERVICE, key_id, private))
    # Some backends accept everything and keep nothing.
    if _ask(lambda: _keyring().get_password(SERVICE, key_id)) != private:
        raise CredentialError(f"the keyring took the key and does not give it back; {_HEADLESS}")
    known = KnownKey(key_id, key.public.jwk["x"], format_time(now))
    key_list.write(keys.with_key(known))
    return known


def load_key() -> SigningKey:
    """Return the current key; read it once and hold it.

    Raises:
        CredentialError: there is none, or the keyring does not give it.

    """
    known = key_list.read().find(None)
    private = _ask(lambda: _keyring().get_password(SERVICE, known.key_id))
    if private is None:
        raise CredentialError(
            f"the keyring has no private half of key {known.key_id}: "
            "make a new key with `vox-telemetry keys generate` and enrol it"
        )
    try:
        return SigningKey.from_private_jwk(private)
    except KeyRefusedError as exc:
        raise CredentialError(f"key {known.key_id} in the keyring is damaged: {exc}") from exc


def remove_key(key_id: str) -> str | None:
    """Delete a key for ever, and return the id of the key that signs from now on.

    Raises:
        CredentialError: there is no such key, or the keyring does not delete it.

    """
    keys = key_list.read()
    known = keys.find(key_id)
    if _ask(lambda: _keyring().get_password(SERVICE, known.key_id)) is not None:
        _ask(lambda: _keyring().delete_password(SERVICE, known.key_id))
    left = keys.without(key_id)
    key_list.write(left)
    return left.current


def _typeable_key() -> SigningKey:
    """Return a new key whose id no command line takes for an option (one id in 64 begins so)."""
    while True:
        key = SigningKey(secrets.token_bytes(KEY_BYTES))
        if not key.public.key_id.startswith("-"):
            return key


def _secret(given: str | None, variable: str, user: str) -> str | None:
    value = given if given is not None else _ask(lambda: _keyring().get_password(SERVICE, user))
    if value is not None and not value.strip():
        source = variable if given is not None else f"{user} in the keyring"
        raise NotConfiguredError(f"{source} is blank, expected a value: set it or unset it")
    return None if value is None else value.strip()


def _keyring() -> "KeyringBackend":
    import keyring  # noqa: PLC0415 -- 40 ms that only the commands that need it should pay

    return keyring.get_keyring()


def _ask(question: Callable[[], T]) -> T:
    """Put a question to the keyring, and wait for KEYRING_WAIT_S at most.

    A locked keyring on a machine without a screen waits for ever for a password. The thread that
    waits is a daemon, so it does not keep the program.
    """
    answers: list[T] = []
    failures: list[Exception] = []

    def ask() -> None:
        try:
            answers.append(question())
        except Exception as exc:  # noqa: BLE001 -- backends are plug-ins and raise what they like
            failures.append(exc)

    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(KEYRING_WAIT_S)
    if failures:
        raise CredentialError(f"{_HEADLESS} ({type(failures[0]).__name__})") from failures[0]
    if not answers:
        raise CredentialError(f"the keyring did not answer in {KEYRING_WAIT_S:.0f} s; {_HEADLESS}")
    return answers[0]
