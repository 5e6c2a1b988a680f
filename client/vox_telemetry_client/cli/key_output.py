"""What the `keys` commands share: how a key, its state and its enrolment are shown."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from vox_telemetry_client import credentials, key_list
from vox_telemetry_client.cli import output
from vox_telemetry_client.config import KEY_FILE, Config
from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.key_list import KeyList, KnownKey, State
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.times import format_time

# A key id may begin with a dash, and is no option then.
TAKES_KEY_ID = {"ignore_unknown_options": True}
KEY_IN_FILE = "key file"
ADD_AT_SINK = "vox-telemetry-sink keys add - --name NAME"


def print_jwk(jwk: Mapping[str, str], *, as_json: bool) -> None:
    """Print a public key; its `kid` is the key id."""
    if as_json:
        output.document({"key_id": jwk["kid"], "jwk": jwk})
    else:
        output.line(msgspec.json.encode(jwk).decode())


def public_jwk(key: PublicKey) -> dict[str, str]:
    """Return the public JWK with its id (RFC 7517 section 4.5)."""
    return {**key.jwk, "kid": key.key_id}


def key_facts(config: Config) -> dict[str, object]:
    """Return which key signs and where it is kept; a key file that cannot be used is `None`.

    The keyring is not asked whether it has the key: it might want a password. Nor is the sink asked
    for its approval: that the key waits is what it said at the enrolment, until it takes a batch.
    """
    if config.key_file is None:
        keys = key_list.read()
        return _facts(keys, keys.current, "keyring")
    try:
        key = credentials.load_key(config.key_file).public
        return _facts(key_list.read(), key.key_id, KEY_IN_FILE)
    except CredentialError as exc:
        return {"key": None, "key_kept_in": KEY_IN_FILE, "key_trouble": str(exc)}


def _facts(keys: KeyList, key_id: str | None, kept_in: str) -> dict[str, object]:
    known = [key for key in keys.keys if key.key_id == key_id]
    return {
        "key": key_id,
        "key_kept_in": kept_in,
        "key_waits_for_approval": any(key.waits_for_approval for key in known),
        "key_revoked": any(key.is_revoked for key in known),
    }


def key_line(facts: Mapping[str, object]) -> str:
    """Return the line of `status` about the key."""
    if facts["key"] is None:
        return str(facts.get("key_trouble", "none: vox-telemetry keys generate"))
    waits = ", waits for approval" if facts["key_waits_for_approval"] else ""
    revoked = ", revoked" if facts["key_revoked"] else ""
    return f"{facts['key']} ({facts['key_kept_in']}){waits}{revoked}"


def rows(keys: KeyList, now: datetime, file_key: PublicKey | None) -> list[dict[str, object]]:
    """Return what `keys list --json` says of each key; `file_key` is the key file's, if one is."""
    signs = keys.current if file_key is None else file_key.key_id
    known = list(keys.keys)
    if file_key is not None and all(key.key_id != signs for key in known):
        known.append(KnownKey(file_key.key_id, file_key.jwk["x"], created_at="", file=""))
    return [_row(keys, key, now, signs, in_file=file_key is not None) for key in known]


def _row(
    keys: KeyList, key: KnownKey, now: datetime, signs: str | None, *, in_file: bool
) -> dict[str, object]:
    found = keys.state(key, format_time(now))
    by_file = in_file and key.key_id == signs
    return {
        "key_id": key.key_id,
        "created_at": key.created_at or None,
        "current": key.key_id == signs,
        "state": State.CURRENT if by_file else found,
        "retiring_until": key.retiring_until,
        "kept_in": KEY_IN_FILE if by_file or key.file is not None else "keyring",
        "enrolment": key.enrolment,
    }


def state_text(row: Mapping[str, object]) -> str:
    """Return a row's state for a person."""
    match row["state"]:
        case State.CURRENT if not row["current"]:
            return f"unused while {KEY_FILE} is set"
        case State.CURRENT if row["kept_in"] == KEY_IN_FILE:
            return "current, key file"
        case State.RETIRING:
            return f"retiring until {row['retiring_until']}"
        case State.RETIRED:
            return "retired, may be removed"
    return str(row["state"])


def enrolment_text(row: Mapping[str, object]) -> str:
    """Return where a key is enrolled, as far as this client knows."""
    enrolment = row["enrolment"]
    if not isinstance(enrolment, key_list.Enrolment):
        return "not known"
    until = f" until {enrolment.not_after}" if enrolment.not_after else ""
    waits = ", waits for approval" if enrolment.waits_for_approval else ""
    revoked = ", revoked" if enrolment.revoked else ""
    return f"{enrolment.origin} as {enrolment.name}{until}{waits}{revoked}"
