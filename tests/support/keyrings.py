"""Keyrings as they are found on machines, for tests of what the client makes of them."""

import keyring
import pytest
from keyring.backend import KeyringBackend


class OddKeyring(KeyringBackend):
    """A backend as a plug-in may be: it fails, or gives back something else than it was given."""

    priority = 1  # type: ignore[assignment]

    def __init__(self, failure: Exception | None = None, stored: str | None = None) -> None:
        super().__init__()
        self.failure = failure
        self.stored = stored

    def get_password(self, *_: str) -> str | None:
        if self.failure is not None:
            raise self.failure
        return self.stored

    def set_password(self, *_: str) -> None:
        if self.failure is not None:
            raise self.failure


class MemoryKeyring(KeyringBackend):
    """A backend that keeps what it is given."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


def use_keyring(monkeypatch: pytest.MonkeyPatch, backend: KeyringBackend) -> None:
    """Make `keyring` choose this backend."""
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
