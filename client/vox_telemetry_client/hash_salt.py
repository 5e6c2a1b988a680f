"""The salt of hashed values: made once by this installation, kept in the keyring, never sent."""

import re
import secrets

from vox_telemetry_client.credentials import SERVICE, _ask, _keyring
from vox_telemetry_client.errors import CredentialError
from vox_telemetry_spec.limits import SALT_MIN_BYTES

SALT_USER = "VoxTelemetryHashSalt"
_SALT = re.compile(f"[0-9a-f]{{{2 * SALT_MIN_BYTES}}}")


def hash_salt() -> bytes:
    """Return this installation's salt for hashed values; the first call makes it, none changes it.

    Raises:
        CredentialError: the keyring cannot be asked, does not keep the salt, or holds another text.

    """
    found = _ask(lambda: _keyring().get_password(SERVICE, SALT_USER))
    if found is None:
        made = secrets.token_hex(SALT_MIN_BYTES)
        _ask(lambda: _keyring().set_password(SERVICE, SALT_USER, made))
        # What another process has made in the same moment counts for both.
        found = _ask(lambda: _keyring().get_password(SERVICE, SALT_USER))
    if found is None or _SALT.fullmatch(found) is None:
        raise CredentialError(
            f"{SALT_USER} in the keyring is no salt, expected {2 * SALT_MIN_BYTES} hex digits: "
            f"remove it with: keyring del {SERVICE} {SALT_USER}"
        )
    return bytes.fromhex(found)
