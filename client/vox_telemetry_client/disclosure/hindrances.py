"""What keeps a whole upload from sending now, beside the switches and consent."""

from datetime import datetime

from vox_telemetry_client import key_list
from vox_telemetry_client.config import Config
from vox_telemetry_client.errors import TelemetryError
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.state import read_earliest


def signing_key(config: Config) -> str | None:
    """Return which key signs; neither keyring nor key file is opened, for nothing is signed."""
    if config.key_file is not None:
        return f"in the key file {config.key_file}"
    try:
        return key_list.read().current
    except TelemetryError as exc:
        return str(exc)


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
    if config.key_file is not None:
        return ""
    try:
        key_list.read().find(None)
    except TelemetryError as exc:
        return str(exc)
    return ""
