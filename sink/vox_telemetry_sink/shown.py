"""Settings as they may be shown: no password, no token."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from vox_telemetry_sink.config import SECRET_FILES, SETTINGS, Address, Config

MASK: Final = "***"
SECRETS: Final = ("database_url", "upload_token")
_SECRET_PARAMETERS: Final = frozenset({"password", "passfile", "sslpassword"})


class Shown(msgspec.Struct, frozen=True):
    """One setting: its key in a file, its variable, its value and where that comes from."""

    key: str
    variable: str
    value: Any
    source: str


def shown(config: Config, sources: Mapping[str, str]) -> list[Shown]:
    """Return every setting; a variable that is in no source has its default."""
    return [
        Shown(key, name, _value(key, getattr(config, key)), _source(name, sources))
        for key, name in SETTINGS.items()
    ]


def _source(name: str, sources: Mapping[str, str]) -> str:
    in_own_file = SECRET_FILES.get(name) in sources
    return sources.get(name, "secret file" if in_own_file else "default")


def _value(key: str, value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Address):
        return f"{value.host}:{value.port}"
    if key == "database_url":
        return without_password(str(value))
    return MASK if key in SECRETS else str(value)


def without_password(url: str) -> str:
    """Return a database URL with its password masked, wherever it stands."""
    parts = urlsplit(url)
    user_and_password, at, hosts = parts.netloc.rpartition("@")
    user, colon, _ = user_and_password.partition(":")
    netloc = f"{user}{colon}{MASK * bool(colon)}{at}{hosts}"
    query = [
        (name, MASK if name.lower() in _SECRET_PARAMETERS else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit((parts.scheme, netloc, parts.path, urlencode(query, safe="*/"), ""))
