"""A secret in a file of its own, as orchestrators hand them out: one line, nothing else.

Its mode is not looked at here: in a container such a file often belongs to root and is read by the
one program that is there. `doctor` says when others could read it.
"""

import stat
from pathlib import Path

from vox_telemetry_sink.errors import ConfigError, os_words
from vox_telemetry_spec.limits import SECRET_FILE_MAX_BYTES


def read_secret(name: str, path: Path) -> str:
    """Return what a file holds, without the white space around it.

    Args:
        name: the variable that named the file, for messages.
        path: the file.

    Raises:
        ConfigError: it cannot be read, is too long, or is not one line of text.

    """
    named = f"{name} is '{path}', which"
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a named pipe would keep the program for ever
            raise ConfigError(f"{named} is no regular file, expected one that holds the secret")
        with path.open("rb") as file:
            raw = file.read(SECRET_FILE_MAX_BYTES + 1)
    except OSError as exc:
        raise ConfigError(
            f"{named} cannot be read: {os_words(exc)}; expected a file that holds the secret"
        ) from exc
    if len(raw) > SECRET_FILE_MAX_BYTES:
        raise ConfigError(f"{named} is longer than {SECRET_FILE_MAX_BYTES} bytes")
    return _one_line(named, raw)


def _one_line(named: str, raw: bytes) -> str:
    """Return the text; a message never repeats it."""
    try:
        lines = raw.decode().strip().splitlines()
    except UnicodeDecodeError:
        lines = []
        trouble = "is no UTF-8 text"
    else:
        trouble = f"holds {len(lines)} lines" if lines else "is blank"
    if len(lines) != 1:
        raise ConfigError(f"{named} {trouble}, expected one line with the secret")
    return lines[0]
