"""A keyring FOR TESTS ONLY: it keeps private keys in a plain file of a test's temporary folder.

It is chosen by name in the environment that the fixture `telemetry_client` makes, and refuses to
work anywhere else: VOX_TELEMETRY_TEST_KEYRING has to name a folder that `make_folder` has marked.
"""

import json
import os
from pathlib import Path
from typing import Final

from keyring.backend import KeyringBackend
from keyring.compat import properties
from keyring.errors import InitError, PasswordDeleteError

from vox_telemetry_sink.testing.environment import KEYRING_FOLDER, given

BACKEND: Final = "vox_telemetry_sink.testing.keyring_file.FileKeyring"
_MARK: Final = "made-by-the-vox-telemetry-pytest-plugin"
_ANNOUNCED: Final = "private keys of a test, in plain text: good for nothing else"


class FileKeyring(KeyringBackend):
    """Keeps the keys of one test, mode 0600."""

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805 -- keyring's own decorator makes it a class property
        """Be no choice at all outside of the fixture; inside, the environment names this class."""
        if _folder() is None:
            raise RuntimeError("a keyring for tests only, outside of the fixture telemetry_client")
        return 0.1

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


def make_folder(path: Path) -> None:
    """Make the folder of a keyring, mode 0700, and mark it as one of a test."""
    path.mkdir(mode=0o700)
    (path / _MARK).write_text(_ANNOUNCED + "\n", encoding="utf-8")


def _folder() -> Path | None:
    name = given(KEYRING_FOLDER)
    return Path(name) if name and (Path(name) / _MARK).is_file() else None


def _file() -> Path:
    folder = _folder()
    if folder is None:
        raise InitError(f"{KEYRING_FOLDER} names no folder of the fixture telemetry_client")
    return folder / "keys.json"


def _read() -> dict[str, str]:
    try:
        entries: dict[str, str] = json.loads(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return entries


def _write(entries: dict[str, str]) -> None:
    descriptor = os.open(_file(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(entries, file)
