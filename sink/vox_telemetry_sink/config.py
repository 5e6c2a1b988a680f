"""The sink's settings; this file names every environment variable once."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import platformdirs

from vox_telemetry_sink.errors import ConfigError
from vox_telemetry_spec.limits import RATE_BURST, RATE_PER_S, RECEIVE_DEADLINE_S

DATABASE_URL = "VOX_SINK_DATABASE_URL"
DATA_DIR = "VOX_SINK_DATA_DIR"
HOST = "VOX_SINK_HOST"
PORT = "VOX_SINK_PORT"
WORKERS = "VOX_SINK_WORKERS"
UPLOAD_TOKEN = "VOX_SINK_UPLOAD_TOKEN"  # noqa: S105 -- the variable's name, not a token
PUBLIC_AUTHORITY = "VOX_SINK_PUBLIC_AUTHORITY"
RATE_PER_S_NAME = "VOX_SINK_RATE_PER_S"
RATE_BURST_NAME = "VOX_SINK_RATE_BURST"
RECEIPT_KEY_FILE = "VOX_SINK_RECEIPT_KEY_FILE"

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8750
PORT_MAX = 65_535
WORKERS_MAX = 64
RATE_MAX_PER_S = 10_000.0
RATE_BURST_MAX = 100_000
_NUMBER_MAX_DIGITS = 10
_POSTGRES_SCHEMES = ("postgresql", "postgres")
_HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::[0-9]{1,5})?")


@dataclass(frozen=True)
class Config:
    """What an operator can set. A secret has no default and does not show in a repr.

    `database_url` None means the embedded Postgres under `data_dir`. `public_authority` is what
    clients sign as `@authority`; None means to believe the Host header, for loopback only.
    `receipt_key_file` None means that receipts are not signed.
    """

    database_url: str | None = field(repr=False)
    data_dir: Path
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    workers: int = 1
    upload_token: str | None = field(default=None, repr=False)
    public_authority: str | None = None
    rate_per_s: float = RATE_PER_S
    rate_burst: int = RATE_BURST
    receipt_key_file: Path | None = None
    receive_deadline_s: float = RECEIVE_DEADLINE_S  # no variable on purpose: wire 4 names it

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings.

        Raises:
            ConfigError: naming the variable, what it holds (unless secret) and what was expected.

        """
        config = cls(
            database_url=_database_url(environ),
            data_dir=Path(
                environ.get(DATA_DIR) or platformdirs.user_data_dir("vox-telemetry-sink")
            ),
            host=environ.get(HOST) or DEFAULT_HOST,
            port=_integer(environ, PORT, DEFAULT_PORT, (0, PORT_MAX)),
            workers=_integer(environ, WORKERS, 1, (1, WORKERS_MAX)),
            upload_token=_secret(environ, UPLOAD_TOKEN),
            public_authority=_authority(environ),
            rate_per_s=_rate(environ),
            rate_burst=_integer(environ, RATE_BURST_NAME, RATE_BURST, (1, RATE_BURST_MAX)),
            receipt_key_file=_file(environ, RECEIPT_KEY_FILE),
        )
        if config.public_authority is None and not _is_loopback(config.host):
            raise ConfigError(
                f"{HOST} is '{config.host}', which is not loopback, and {PUBLIC_AUTHORITY} is not "
                "set: set it to the host[:port] that clients call, since signatures are bound to it"
            )
        return config


def _secret(environ: Mapping[str, str], name: str) -> str | None:
    """Return a secret; blank is an error, since it would silently mean no protection."""
    value = environ.get(name)
    if value is None:
        return None
    if not value.strip():
        raise ConfigError(f"{name} is set but blank, expected a value: set one or unset it")
    return value.strip()


def _file(environ: Mapping[str, str], name: str) -> Path | None:
    """Return a file's path; blank is an error, since it would silently mean none."""
    value = environ.get(name)
    if value is not None and not value.strip():
        raise ConfigError(f"{name} is set but blank, expected a file: set one or unset it")
    return None if value is None else Path(value)


def _database_url(environ: Mapping[str, str]) -> str | None:
    url = _secret(environ, DATABASE_URL)
    if url is not None and not _is_postgres_url(url):
        raise ConfigError(
            f"{DATABASE_URL} is no Postgres URL, expected postgresql://[USER@]HOST[:PORT]/NAME"
        )
    return url


def _is_postgres_url(url: str) -> bool:
    """Tell a URL that asyncpg can take apart; what it does not find out is the database's part."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    hosts = parts.netloc.rpartition("@")[2].split(",")
    return parts.scheme in _POSTGRES_SCHEMES and all(map(_HOST_AND_PORT.fullmatch, hosts))


def _authority(environ: Mapping[str, str]) -> str | None:
    text = environ.get(PUBLIC_AUTHORITY)
    if text is None:
        return None
    # RFC 9421 section 2.2.3: lower case, without the default port of https.
    authority = text.strip().lower().removesuffix(":443")
    if not authority or "/" in authority or "@" in authority or not authority.isascii():
        raise ConfigError(f"{PUBLIC_AUTHORITY} is '{text}', expected host or host:port")
    return authority


def _integer(environ: Mapping[str, str], name: str, default: int, allowed: tuple[int, int]) -> int:
    text = environ.get(name)
    if text is None:
        return default
    low, high = allowed
    # The digits are counted first: Python refuses to read more than 4,300.
    readable = text.isascii() and text.isdigit() and len(text) <= _NUMBER_MAX_DIGITS
    if not (readable and low <= int(text) <= high):
        raise ConfigError(f"{name} is '{text}', expected a whole number from {low} to {high}")
    return int(text)


def _rate(environ: Mapping[str, str]) -> float:
    text = environ.get(RATE_PER_S_NAME)
    if text is None:
        return RATE_PER_S
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= RATE_MAX_PER_S:  # not NaN either
        raise ConfigError(
            f"{RATE_PER_S_NAME} is '{text}', expected a number above 0 and at most "
            f"{RATE_MAX_PER_S:.0f}"
        )
    return rate


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
