"""The keys that sinks sign receipts with, as enrolments gave them (wire 13.2)."""

from datetime import datetime

import msgspec

from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.key_list import Enrolment, KeyList, PinnedKey
from vox_telemetry_spec.errors import KeyRefusedError
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.times import format_time
from vox_telemetry_spec.wire import IngestTarget


def origin_of(target: IngestTarget) -> str:
    """Return scheme and authority: what an enrolment and an upload to one sink share."""
    return target.url.removesuffix(target.path)


def pinned_by(enrolment: Enrolment, now: datetime) -> PinnedKey | None:
    """Return what is to be kept of the key in an enrolment, or None where it gave none.

    Raises:
        CredentialError: it gave something else.

    """
    if enrolment.sink_key is None:
        return None
    key = _read(enrolment.sink_key)
    return PinnedKey(key.key_id, key.jwk["x"], enrolment.origin, format_time(now))


def sink_key_for(keys: KeyList, key_id: str, target: IngestTarget) -> PublicKey | None:
    """Return the key that must sign the receipts for what `key_id` sends to `target`.

    None where that key was not enrolled at this origin, or the sink did not sign receipts then.

    Raises:
        CredentialError: the list holds something else than a key.

    """
    for known in keys.keys:
        enrolment = known.enrolment
        if known.key_id == key_id and enrolment and enrolment.origin == origin_of(target):
            return None if enrolment.sink_key is None else _read(enrolment.sink_key)
    return None


def all_sink_keys(keys: KeyList) -> dict[str, PublicKey]:
    """Return every key that was ever pinned, by its id: those of enrolments, and older ones.

    Raises:
        CredentialError: the list holds something else than a key.

    """
    jwks = [{"crv": "Ed25519", "kty": "OKP", "x": one.x} for one in keys.sink_keys]
    jwks += [
        one.enrolment.sink_key for one in keys.keys if one.enrolment and one.enrolment.sink_key
    ]
    read = map(_read, jwks)
    return {key.key_id: key for key in read}


def _read(jwk: dict[str, str]) -> PublicKey:
    try:
        return PublicKey.from_jwk(msgspec.json.encode(jwk))
    except KeyRefusedError as exc:
        raise CredentialError(
            f"the list of keys holds a sink's key that cannot be used ({exc}): enrol again"
        ) from exc
