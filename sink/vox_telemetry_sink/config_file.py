"""Settings from a TOML file: the keys are the names in `SETTINGS`, at the top level.

What is not understood is refused: a misspelt `upload_token` must not leave the sink open.
"""

import tomllib
from pathlib import Path
from typing import Any

from vox_telemetry_sink.config import CONFIG_FILE, SETTINGS
from vox_telemetry_sink.errors import ConfigError, os_words
from vox_telemetry_spec.limits import CONFIG_FILE_MAX_BYTES


def read_config_file(path: Path) -> dict[str, str]:
    """Return a file's settings by the names of their environment variables.

    Raises:
        ConfigError: it cannot be read, is no TOML, or holds a key or a value that is no setting's;
            no value is repeated, since it may be a secret.

    """
    document = _document(path)
    unknown = sorted(document.keys() - SETTINGS.keys())
    if unknown:
        raise ConfigError(
            f"{path} has an unknown key {unknown[0]!a}, expected some of {', '.join(SETTINGS)}"
        )
    return {SETTINGS[key]: _text(path, key, value) for key, value in document.items()}


def _document(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            raw = file.read(CONFIG_FILE_MAX_BYTES + 1)
    except OSError as exc:
        raise ConfigError(
            f"{CONFIG_FILE} is '{path}', which cannot be read: {os_words(exc)}; "
            "expected a TOML file"
        ) from exc
    if len(raw) > CONFIG_FILE_MAX_BYTES:
        raise ConfigError(f"{path} is longer than {CONFIG_FILE_MAX_BYTES} bytes")
    try:
        return tomllib.loads(raw.decode())
    except tomllib.TOMLDecodeError as exc:
        # Its message may quote what stands there; the place is enough.
        place = str(exc).rpartition(" (")[2].removesuffix(")")
        raise ConfigError(f"{path} is no TOML ({place}), expected key = value lines") from None
    except (UnicodeDecodeError, RecursionError) as exc:
        raise ConfigError(f"{path} is no TOML, expected key = value lines") from exc


def _text(path: Path, key: str, value: object) -> str:
    """Return a value as an environment variable would hold it."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (str, int, float)) and "\0" not in str(value):  # no path or URL has one
        return str(value)
    raise ConfigError(f"{path} has a {key} that is no text, number, true or false")
