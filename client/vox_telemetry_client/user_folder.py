"""The folder of this user's keys list and consent; the only file that imports platformdirs."""

from pathlib import Path

from platformdirs import user_config_path


def user_folder() -> Path:
    """Return where this program keeps what belongs to a user, not to one spool."""
    return user_config_path("vox-telemetry", appauthor=False)
