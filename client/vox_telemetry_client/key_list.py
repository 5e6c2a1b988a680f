"""The public halves of this user's keys, and which one signs.

A plain file, because a keyring cannot be listed. It holds nothing secret: the private halves are
in the keyring, or in a key file.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import msgspec

from vox_telemetry_client.errors import CredentialError, SpoolError
from vox_telemetry_client.files import FOLDER_MODE, replace
from vox_telemetry_client.limits import KEY_LIST_WAIT_S
from vox_telemetry_client.lock import held
from vox_telemetry_client.user_folder import user_folder


class State(StrEnum):
    """What a key is for; `--json` prints these words."""

    CURRENT = "current"  # signs
    NEXT = "next"  # has never signed: made by `rotate` or imported, to be enrolled first
    RETIRING = "retiring"  # signs no more; kept until the overlap ends, should a return be needed
    RETIRED = "retired"  # the overlap is over
    FILE = "in a file"  # signs where VOX_TELEMETRY_KEY_FILE names it


class Enrolment(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the sink said when it enrolled a key; times in RFC 3339."""

    enrolled_at: str
    origin: str
    name: str
    max_sensitivity: str
    families: list[str] | None = None
    not_after: str | None = None
    sink_key: dict[str, str] | None = None  # signs the sink's receipts
    waits_for_approval: bool = False  # as far as is known here: nothing was taken from it yet
    revoked: bool = False  # so the sink said when it was last asked to take something


class PinnedKey(msgspec.Struct, frozen=True):
    """A key that signs a sink's receipts, as an enrolment gave it; `x` is its public point."""

    key_id: str
    x: str
    origin: str
    pinned_at: str


class KnownKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """One key; `x` is the public point in base64url (RFC 8037)."""

    key_id: str
    x: str
    created_at: str
    retiring_until: str | None = None
    file: str | None = None  # where the private half was seen, unless it is in the keyring
    enrolment: Enrolment | None = None

    @property
    def jwk(self) -> dict[str, str]:
        """The public JWK, with its id (RFC 7517 section 4.5)."""
        return {"crv": "Ed25519", "kty": "OKP", "x": self.x, "kid": self.key_id}

    @property
    def waits_for_approval(self) -> bool:
        """Whether a sink has enrolled it and took nothing from it yet, as far as is known here."""
        return self.enrolment is not None and self.enrolment.waits_for_approval

    @property
    def is_revoked(self) -> bool:
        """Whether the sink that has enrolled it said that it is revoked."""
        return self.enrolment is not None and self.enrolment.revoked


class KeyList(msgspec.Struct, frozen=True):
    """All keys, oldest first; `current` signs.

    `sink_keys` are all that were ever pinned: what an old one signed must stay verifiable.
    """

    current: str | None = None
    keys: list[KnownKey] = []
    sink_keys: list[PinnedKey] = []

    def find(self, key_id: str | None) -> KnownKey:
        """Return a key by its id, or the current one for None.

        Raises:
            CredentialError: there is no such key.

        """
        wanted = self.current if key_id is None else key_id
        for key in self.keys:
            if key.key_id == wanted:
                return key
        if key_id is None and self.next() is not None:
            raise CredentialError(
                "no key signs yet: `vox-telemetry keys enrol` or `keys use KEY_ID` the next one"
            )
        if key_id is None:
            raise CredentialError("no signing key yet, make one: vox-telemetry keys generate")
        raise CredentialError(f"no key '{key_id}', `vox-telemetry keys list` shows which there are")

    def state(self, key: KnownKey, now: str) -> State:
        """Return what a key is for; `now` in RFC 3339, UTC."""
        if key.file is not None:
            return State.FILE
        if key.key_id == self.current:
            return State.CURRENT
        if key.retiring_until is None:
            return State.NEXT
        return State.RETIRING if now < key.retiring_until else State.RETIRED

    def next(self) -> KnownKey | None:
        """Return the newest key that waits to sign, or None."""
        waiting = [key for key in self.keys if self.state(key, "") is State.NEXT]
        return waiting[-1] if waiting else None

    def with_key(self, key: KnownKey) -> "KeyList":
        """Return the list with `key` added, or put in the place of what was known of it."""
        if any(known.key_id == key.key_id for known in self.keys):
            keys = [key if known.key_id == key.key_id else known for known in self.keys]
        else:
            keys = [*self.keys, key]
        return msgspec.structs.replace(self, keys=keys)

    def with_answer(self, key_id: str, origin: str, *, revoked: bool) -> "KeyList":
        """Return the list after that origin took a batch of a key, or called the key revoked.

        It waits for no approval then, in either case.
        """
        for key in self.keys:
            enrolment = key.enrolment
            if key.key_id == key_id and enrolment is not None and enrolment.origin == origin:
                said = msgspec.structs.replace(enrolment, waits_for_approval=False, revoked=revoked)
                return self.with_key(msgspec.structs.replace(key, enrolment=said))
        return self

    def with_sink_key(self, pinned: PinnedKey) -> "KeyList":
        """Return the list with `pinned` added, unless it is known for its origin."""
        known = {(one.key_id, one.origin) for one in self.sink_keys}
        if (pinned.key_id, pinned.origin) in known:
            return self
        return msgspec.structs.replace(self, sink_keys=[*self.sink_keys, pinned])

    def using(self, key_id: str, retiring_until: str) -> "KeyList":
        """Return the list in which `key_id` signs; the key that signed so far is kept until then.

        Raises:
            CredentialError: there is no such key, or it lies in a file.

        """
        if self.find(key_id).file is not None:
            raise CredentialError(
                f"key {key_id} is in a file: set VOX_TELEMETRY_KEY_FILE to sign with it"
            )
        if key_id == self.current:
            return self
        until = {key_id: None, self.current: retiring_until}
        keys = [
            msgspec.structs.replace(key, retiring_until=until[key.key_id])
            if key.key_id in until
            else key
            for key in self.keys
        ]
        return msgspec.structs.replace(self, current=key_id, keys=keys)

    def without(self, key_id: str) -> "KeyList":
        """Return the list without a key.

        If it signed, another does from then on: an enrolled one before one that has signed before
        one that has not, and the newest of these.
        """
        left = [key for key in self.keys if key.key_id != key_id]
        if self.current != key_id:
            return msgspec.structs.replace(self, keys=left)
        fit = [(bool(key.enrolment), bool(key.retiring_until)) for key in left if not key.file]
        best = max(range(len(fit)), key=lambda at: (*fit[at], at), default=None)
        if best is None:
            return msgspec.structs.replace(self, current=None, keys=left)
        heir = [key for key in left if not key.file][best]
        return msgspec.structs.replace(self, current=None, keys=left).using(heir.key_id, "")


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


def change(how: Callable[[KeyList], KeyList]) -> KeyList:
    """Replace the list by what `how` makes of it, with nobody else in between, and return it.

    Raises:
        CredentialError: it cannot be read or written, or another process holds it too long.

    """
    try:
        path().parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        lock = path().with_name("keys.lock")
        with held(lock, "a change of the keys", wait_s=KEY_LIST_WAIT_S):
            keys = how(read())
            replace(path(), msgspec.json.format(msgspec.json.encode(keys)) + b"\n")
    except OSError as exc:
        raise CredentialError(f"{path()} cannot be written: {exc.strerror}") from exc
    except SpoolError as exc:
        raise CredentialError(str(exc)) from exc
    return keys
