"""The salt of hashed values: made once by this installation, kept in the keyring, never sent."""

import re
import secrets

from vox_telemetry_client import keyring_door
from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.hidden import Hidden
from vox_telemetry_client.keyring_door import SERVICE
from vox_telemetry_spec.limits import SALT_MIN_BYTES

SALT_USER = "VoxTelemetryHashSalt"
_SALT = re.compile(f"[0-9a-f]{{{2 * SALT_MIN_BYTES}}}")


def hash_salt() -> bytes:
    """Return this installation's salt for hashed values; the first call makes it, none changes it.

    Raises:
        CredentialError: the keyring cannot be asked, does not keep the salt, or holds another text.

    """
    found = keyring_door.read(SALT_USER)
    if found is None:
        _make()
        # What another process has made in the same moment counts for both.
        found = keyring_door.read(SALT_USER)
    if found is None or _SALT.fullmatch(found.reveal()) is None:
        raise CredentialError(
            f"{SALT_USER} in the keyring is no salt, expected {2 * SALT_MIN_BYTES} hex digits: "
            f"remove it with: keyring del {SERVICE} {SALT_USER}"
        )
    return bytes.fromhex(found.reveal())


def _make() -> None:
    try:
        keyring_door.store(SALT_USER, Hidden(secrets.token_hex(SALT_MIN_BYTES)))
    except CredentialError:
        if keyring_door.read(SALT_USER) is None:
            raise
