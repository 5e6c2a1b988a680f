"""A keyring backend for the demo only: one file, readable by its owner, inside the demo's folder.

It exists so that the demo needs no desktop and never touches a real keyring. It is chosen by name
(PYTHON_KEYRING_BACKEND) in the demo's own environment, and the demo says so on its first line.
"""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class DemoFileKeyring(KeyringBackend):
    """Keeps the demo's throw-away key in DEMO_KEYRING_FILE, in plain text, mode 0600."""

    priority = 0.1  # type: ignore[assignment]  # keyring declares a class property

    def get_password(self, service: str, username: str) -> str | None:
        """Return the entry, or None."""
        return _read().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store the entry."""
        _write({**_read(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        """Remove the entry; raise PasswordDeleteError where there is none."""
        entries = _read()
        if entries.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError(username)
        _write(entries)


def _file() -> Path:
    return Path(os.environ["DEMO_KEYRING_FILE"])


def _read() -> dict[str, str]:
    try:
        entries: dict[str, str] = json.loads(_file().read_text())
    except FileNotFoundError:
        return {}
    return entries


def _write(entries: dict[str, str]) -> None:
    descriptor = os.open(_file(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(entries, file)
