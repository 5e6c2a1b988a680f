"""The environment of a test and of the programs it starts, less the settings of the machine."""

import os
from collections.abc import Iterator

POSTGRES_CHOICE = "VOX_TELEMETRY_TEST_POSTGRES"
KEYRING_FOLDER = "VOX_TELEMETRY_TEST_KEYRING"

# What may say where to send, with which key, whether at all, and where a user's folders are.
_FAMILIES = frozenset({"VOX", "XDG", "DBUS"})
_NAMES = frozenset(
    {
        "DO_NOT_TRACK",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "PYTHON_KEYRING_BACKEND",
    }
)


def given(name: str) -> str | None:
    """Return a variable of this process as it is now."""
    return os.environ.get(name)


def settings_of_the_machine() -> Iterator[str]:
    """Yield the names of the variables that must not reach a test; proxies in either case."""
    for name in os.environ:
        upper = name.upper()
        if upper.partition("_")[0] in _FAMILIES or upper in _NAMES:
            yield name


def of_a_program() -> dict[str, str]:
    """Return this process's environment as it is now."""
    return dict(os.environ)


def of_a_server(**more: str) -> dict[str, str]:
    """Return this process's environment less the settings of the machine, and `more`."""
    left_out = set(settings_of_the_machine())
    return {name: value for name, value in os.environ.items() if name not in left_out} | more
