"""The keyring and the signing key."""

from urllib.parse import urlsplit

from vox_telemetry_client import key_list
from vox_telemetry_client.advising import ASK_FOR_APPROVAL, rotation
from vox_telemetry_client.doctor.finding import Seen, fail, ok, skip, warn
from vox_telemetry_client.doctor.visit import Visit
from vox_telemetry_client.errors import TelemetryError
from vox_telemetry_client.key_list import Enrolment
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.times import parse_time

_MEND_FILE = (
    "mend the key file that VOX_TELEMETRY_KEY_FILE names "
    "(`vox-telemetry keys generate --file FILE` makes one), or unset the variable"
)
_FILE = "the key is in a file, so the keyring is not asked"


def backend(visit: Visit) -> Seen:
    """Say which keyring is used."""
    if visit.config.key_file is not None:
        return skip(_FILE)
    found = visit.backend
    return ok(found) if isinstance(found, str) else fail(str(found))


def round_trip(visit: Visit) -> Seen:
    """Look whether the keyring keeps an entry, gives it back and deletes it."""
    if visit.config.key_file is not None:
        return skip(_FILE)
    if not isinstance(visit.backend, str):
        return skip("there is no keyring, see keyring.backend")
    trouble = visit.round_trip
    if trouble is not None:
        return fail(str(trouble))
    return ok("a test entry was written, read and deleted")


def current(visit: Visit) -> Seen:
    """Look whether there is a key to sign with, and its private half."""
    key, file = visit.key, visit.config.key_file
    if not isinstance(key, SigningKey):
        return fail(str(key), "" if file is None else _MEND_FILE)
    return ok(f"{key.public.key_id} in {'the keyring' if file is None else file}")


def enrolled(visit: Visit) -> Seen:
    """Say whether the sink has enrolled the key, as far as this machine has been told."""
    key = visit.key
    try:
        known = key_list.read()
    except TelemetryError as exc:
        return fail(str(exc))
    if not isinstance(key, SigningKey):
        return skip("there is no key, see key.current")
    id_ = key.public.key_id
    found = next((one.enrolment for one in known.keys if one.key_id == id_), None)
    if found is None:
        # Only a signed request would tell, and the doctor makes none.
        return skip("not known: no sink has enrolled it by `keys enrol`; by hand it may have been")
    return _enrolment(visit, found, id_)


def _enrolment(visit: Visit, found: Enrolment, key_id: str) -> Seen:
    said = f"enrolled at {found.enrolled_at} by {found.origin} as '{found.name}'"
    end = parse_time(found.not_after or "")
    if end is not None and end <= visit.around.now():
        return fail(f"{said}, valid until {found.not_after}: that is over")
    in_file = visit.config.key_file is not None
    if found.revoked:
        return fail(f"{said}, and revoked since, as the sink said", rotation(in_file=in_file))
    parts = urlsplit(visit.target.url)
    if found.origin != f"{parts.scheme}://{visit.target.authority}":
        return warn(f"{said}, and uploads go to {visit.target.authority}")
    if found.waits_for_approval:
        ask = f"{ASK_FOR_APPROVAL.format(key_id=key_id)}, unless that has happened since"
        return warn(f"{said}, to wait for approval; nothing was taken from it yet", ask)
    return ok(said + (f", valid until {found.not_after}" if found.not_after else ""))
