"""Keys and secrets of an upload: where they come from, and in which order.

Secrets come from the environment, then from the keyring (service `vox-telemetry`, users
`VoxTelemetryUploadUrl` and `VoxTelemetryUploadToken`). A private key lies in the keyring under its
key id, or in the one file that VOX_TELEMETRY_KEY_FILE names. Neither falls back to the other:
where a key file is named, the keyring is asked for nothing, since such a machine may have none.
"""

import re
from pathlib import Path

from vox_telemetry_client import key_file, key_list, keyring_door
from vox_telemetry_client.config import KEY_FILE, UPLOAD_TOKEN, UPLOAD_URL, Config
from vox_telemetry_client.errors import CredentialError, NotConfiguredError
from vox_telemetry_client.keyring_door import SERVICE
from vox_telemetry_spec.errors import KeyRefusedError
from vox_telemetry_spec.keys import SigningKey

URL_USER = "VoxTelemetryUploadUrl"
TOKEN_USER = "VoxTelemetryUploadToken"  # noqa: S105 -- the entry's name, not a token
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # b64token, RFC 6750 section 2.1


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
        url = _secret(config, config.upload_url, UPLOAD_URL, URL_USER)
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
    token = _secret(config, config.upload_token, UPLOAD_TOKEN, TOKEN_USER)
    if token is not None and _TOKEN.fullmatch(token) is None:
        raise NotConfiguredError(
            f"{UPLOAD_TOKEN} is no bearer token, expected letters, digits and ._~+/-= (RFC 6750)"
        )
    return token


def load_key(file: Path | None, key_id: str | None = None) -> SigningKey:
    """Return the key of the key file where one is set, else one of the keyring's; hold it.

    Without a `key_id` the keyring's current key is meant.

    Raises:
        CredentialError: there is none, or what keeps it does not give it.

    """
    if file is not None:
        return key_file.load(file)
    known = key_list.read().find(key_id)
    if known.file is not None:
        raise CredentialError(
            f"key {known.key_id} is in a file: set {KEY_FILE} to that file to use it"
        )
    private = keyring_door.read(known.key_id)
    if private is None:
        raise CredentialError(
            f"the keyring has no private half of key {known.key_id}: "
            "make a new key with `vox-telemetry keys generate` and enrol it"
        )
    try:
        return SigningKey.from_private_jwk(private.reveal())
    except KeyRefusedError as exc:
        trouble = str(exc)
    # Outside of the clause: the frames in which it failed hold the key.
    raise CredentialError(f"key {known.key_id} in the keyring is damaged: {trouble}")


def _secret(config: Config, given: str | None, variable: str, user: str) -> str | None:
    ask = given is None and config.key_file is None
    kept = keyring_door.read(user) if ask else None
    value = given if kept is None else kept.reveal()
    if value is not None and not value.strip():
        source = variable if given is not None else f"{user} in the keyring"
        raise NotConfiguredError(f"{source} is blank, expected a value: set it or unset it")
    return None if value is None else value.strip()
