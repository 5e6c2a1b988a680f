"""This user's keys: make, take in, use and remove them.

The private half goes into the keyring before the list names it, and leaves it before the list
forgets it: a program that dies in between can be run again, and leaves no secret behind a removal.
"""

import secrets
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from vox_telemetry_client import key_file, key_list, keyring_door
from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.hidden import Hidden
from vox_telemetry_client.key_list import Enrolment, KeyList, KnownKey
from vox_telemetry_client.limits import KEY_OVERLAP_DEFAULT_H
from vox_telemetry_client.sink_keys import pinned_by
from vox_telemetry_spec.keys import KEY_BYTES, SigningKey
from vox_telemetry_spec.times import format_time


def generate(now: datetime, *, use: bool) -> KnownKey:
    """Make a key and keep it in the keyring; with `use` it signs from now on.

    Raises:
        CredentialError: the keyring does not keep it, or the key list cannot be written.

    """
    key_list.read()  # a list that cannot be read is told before a key is made
    return keep(_typeable_key(), now, use=use)


def generate_file(path: Path) -> SigningKey:
    """Make a key and write it into a new file, which VOX_TELEMETRY_KEY_FILE can then name.

    Raises:
        CredentialError: there is a file already, or it cannot be written.

    """
    key = _typeable_key()
    key_file.write(path, key)
    return key


def keep(key: SigningKey, now: datetime, *, use: bool) -> KnownKey:
    """Keep a key in the keyring; with `use` it signs from now on.

    Raises:
        CredentialError: the keyring does not keep it, or the key list cannot be written.

    """
    keyring_door.store(key.public.key_id, Hidden(key.private_jwk()))

    def added(keys: KeyList) -> KeyList:
        had = [one for one in keys.keys if one.key_id == key.public.key_id]
        known = had[0] if had else _known(key, now)
        found = keys.with_key(msgspec.structs.replace(known, file=None))
        return found.using(known.key_id, overlap_end(now)) if use else found

    return key_list.change(added).find(key.public.key_id)


def use(key_id: str, now: datetime, overlap_h: int) -> KeyList:
    """Sign with `key_id` from now on; the key that signed so far is kept for the overlap.

    Raises:
        CredentialError: there is no such key, or the keyring does not have it.

    """
    key_list.read().using(key_id, "")
    if keyring_door.read(key_id) is None:
        raise CredentialError(f"the keyring has no private half of key {key_id}: remove the key")
    return key_list.change(lambda keys: keys.using(key_id, overlap_end(now, overlap_h)))


def remove(key_id: str) -> str | None:
    """Delete a key for ever, and return the id of the key that signs from now on.

    A key file stays where it is; only what is known of its key is forgotten.

    Raises:
        CredentialError: there is no such key, or the keyring does not delete it.

    """
    if key_list.read().find(key_id).file is None:
        keyring_door.delete(key_id)
    return key_list.change(lambda keys: keys.without(key_id)).current


def enrolled(
    key: SigningKey, enrolment: Enrolment, now: datetime, *, file: Path | None, overlap_h: int
) -> KeyList:
    """Write down that the sink has enrolled a key; one that waited for this signs from now on.

    One that has to be approved first goes on waiting while another signs.

    Raises:
        CredentialError: the key list cannot be written.

    """
    pinned = pinned_by(enrolment, now)

    def noted(keys: KeyList) -> KeyList:
        keys = keys if pinned is None else keys.with_sink_key(pinned)
        had = [one for one in keys.keys if one.key_id == key.public.key_id]
        known = had[0] if had else _known(key, now)
        noted = msgspec.structs.replace(known, enrolment=enrolment)
        if file is not None:
            # Listed for what the sink said of it; one that is in the keyring too stays that.
            return keys.with_key(noted if had else msgspec.structs.replace(noted, file=str(file)))
        found = keys.with_key(noted)
        is_next = found.state(noted, "") is key_list.State.NEXT
        if not is_next or (enrolment.waits_for_approval and found.current is not None):
            return found
        return found.using(noted.key_id, overlap_end(now, overlap_h))

    return key_list.change(noted)


def answered(key_id: str, origin: str, *, revoked: bool) -> None:
    """Write down that the sink there takes what a key signs, or that it called the key revoked.

    Raises:
        CredentialError: the key list cannot be read or written.

    """
    known = key_list.read()
    if known.with_answer(key_id, origin, revoked=revoked) != known:
        key_list.change(lambda keys: keys.with_answer(key_id, origin, revoked=revoked))


def overlap_end(now: datetime, overlap_h: int = KEY_OVERLAP_DEFAULT_H) -> str:
    """Return until when a key that signs no more is kept, RFC 3339."""
    return format_time(now + timedelta(hours=overlap_h))


def _known(key: SigningKey, now: datetime) -> KnownKey:
    return KnownKey(key.public.key_id, key.public.jwk["x"], format_time(now))


def _typeable_key() -> SigningKey:
    """Return a new key whose id no command line takes for an option (one id in 64 begins so)."""
    while True:
        key = SigningKey(secrets.token_bytes(KEY_BYTES))
        if not key.public.key_id.startswith("-"):
            return key
