"""What keeps a whole upload from sending now, beside the switches and consent."""

from dataclasses import dataclass
from datetime import datetime

from vox_telemetry_client import key_file, key_list
from vox_telemetry_client.advising import ASK_FOR_APPROVAL, rotation
from vox_telemetry_client.config import Config
from vox_telemetry_client.errors import TelemetryError
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.key_list import KeyList, KnownKey
from vox_telemetry_client.state import read_earliest


@dataclass(frozen=True)
class KeySeen:
    """What the list of keys tells of the key that signs; `trouble` is why it tells nothing."""

    is_there: bool
    waits_for_approval: str | None = None  # its id, where it does
    rotate: str = ""  # how another takes its place, where the sink called it revoked
    trouble: str = ""
    missing: str = ""  # how to come by a key, where there is none


def signing_key(config: Config) -> str | None:
    """Return which key signs; neither keyring nor key file is opened, for nothing is signed."""
    if config.key_file is not None:
        return f"in the key file {config.key_file}"
    try:
        return key_list.read().current
    except TelemetryError as exc:
        return str(exc)


def key_seen(config: Config) -> KeySeen:
    """Return what is known of the key that signs; a key file is looked at and not opened."""
    try:
        keys = key_list.read()
        if config.key_file is not None:
            key_file.check(config.key_file)
    except TelemetryError as exc:
        return KeySeen(is_there=False, trouble=str(exc))
    key, missing = _signs(keys, config), ""
    try:
        if config.key_file is None:
            keys.find(None)
    except TelemetryError as exc:
        missing = str(exc)
    return KeySeen(
        is_there=not missing,
        missing=missing,
        waits_for_approval=key.key_id if key and key.waits_for_approval else None,
        rotate=rotation(in_file=config.key_file is not None) if key and key.is_revoked else "",
    )


def hindrances(config: Config, folder: Folder, now: datetime) -> list[str]:
    """Return why no batch would be sent now; what only the keyring or the sink knows is left out.

    Raises:
        SpoolError: the spool cannot be read.

    """
    found = []
    if trouble := _key_trouble(config):
        found.append(trouble)
    earliest = read_earliest(folder.state, now)
    if earliest is not None:
        found.append(f"the sink asked for no upload before {earliest:%Y-%m-%d %H:%M:%S} UTC")
    return found


def _key_trouble(config: Config) -> str:
    seen = key_seen(config)
    if seen.trouble or seen.missing:
        return seen.trouble or seen.missing
    if seen.rotate:
        return f"the sink has called the key that signs revoked: {seen.rotate}"
    if seen.waits_for_approval is None:
        return ""
    return (
        f"key {seen.waits_for_approval} waits for approval, and nothing that it signs is taken "
        f"until then: {ASK_FOR_APPROVAL.format(key_id=seen.waits_for_approval)}, unless that has "
        "happened since"
    )


def _signs(keys: KeyList, config: Config) -> KnownKey | None:
    """Return what the list has of the key that signs.

    A key file is not opened for its id: its key is the one that was last enrolled from there.
    """
    file = None if config.key_file is None else str(config.key_file)
    fit = [one for one in keys.keys if (one.file == file if file else one.key_id == keys.current)]
    return fit[-1] if fit else None
