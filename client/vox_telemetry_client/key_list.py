"""The public halves of this user's keys, and which one signs.

A plain file, because a keyring cannot be listed. It holds nothing secret: the private halves are
in the keyring alone (`credentials`).
"""

from pathlib import Path

import msgspec

from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.files import FOLDER_MODE, replace
from vox_telemetry_client.user_folder import user_folder


class KnownKey(msgspec.Struct, frozen=True):
    """One key; `x` is the public point in base64url (RFC 8037)."""

    key_id: str
    x: str
    created_at: str

    @property
    def jwk(self) -> dict[str, str]:
        """The public JWK, with its id (RFC 7517 section 4.5)."""
        return {"crv": "Ed25519", "kty": "OKP", "x": self.x, "kid": self.key_id}


class KeyList(msgspec.Struct, frozen=True):
    """All keys, oldest first; `current` signs."""

    current: str | None = None
    keys: list[KnownKey] = []

    def find(self, key_id: str | None) -> KnownKey:
        """Return a key by its id, or the current one for None.

        Raises:
            CredentialError: there is no such key.

        """
        wanted = self.current if key_id is None else key_id
        for key in self.keys:
            if key.key_id == wanted:
                return key
        if key_id is None:
            raise CredentialError("no signing key yet, make one: vox-telemetry keys generate")
        raise CredentialError(f"no key '{key_id}', `vox-telemetry keys list` shows which there are")

    def with_key(self, key: KnownKey) -> "KeyList":
        """Return the list with `key` added and made current."""
        return KeyList(key.key_id, [*self.keys, key])

    def without(self, key_id: str) -> "KeyList":
        """Return the list without a key; the newest of the others signs from then on."""
        left = [key for key in self.keys if key.key_id != key_id]
        newest = left[-1].key_id if left else None
        return KeyList(newest if self.current == key_id else self.current, left)


def path() -> Path:
    """Return where the list lies on this system."""
    return user_folder() / "keys.json"


def read() -> KeyList:
    """Return the list; an absent file is an empty one.

    Raises:
        CredentialError: the file is there and cannot be read.

    """
    try:
        return msgspec.json.decode(path().read_bytes(), type=KeyList)
    except FileNotFoundError:
        return KeyList()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise CredentialError(
            f"{path()} cannot be read, expected a list of public keys: mend it or move it away"
        ) from exc


def write(keys: KeyList) -> None:
    """Replace the list.

    Raises:
        CredentialError: it cannot be written.

    """
    try:
        path().parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        replace(path(), msgspec.json.format(msgspec.json.encode(keys)) + b"\n")
    except OSError as exc:
        raise CredentialError(f"{path()} cannot be written: {exc.strerror}") from exc
