"""The sink's settings; this file names every environment variable once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, Self

import platformdirs

from vox_telemetry_sink.database_url import is_postgres_url
from vox_telemetry_sink.errors import ConfigError
from vox_telemetry_sink.secret_file import read_secret
from vox_telemetry_spec.limits import RATE_BURST, RATE_PER_S, RECEIVE_DEADLINE_S

CONFIG_FILE = "VOX_SINK_CONFIG"
DATABASE_URL = "VOX_SINK_DATABASE_URL"
DATABASE_URL_FILE = "VOX_SINK_DATABASE_URL_FILE"
DATA_DIR = "VOX_SINK_DATA_DIR"
HOST = "VOX_SINK_HOST"
PORT = "VOX_SINK_PORT"
WORKERS = "VOX_SINK_WORKERS"
UPLOAD_TOKEN = "VOX_SINK_UPLOAD_TOKEN"  # noqa: S105 -- the variable's name, not a token
UPLOAD_TOKEN_FILE = "VOX_SINK_UPLOAD_TOKEN_FILE"  # noqa: S105 -- as above
PUBLIC_AUTHORITY = "VOX_SINK_PUBLIC_AUTHORITY"
RATE_PER_S_NAME = "VOX_SINK_RATE_PER_S"
RATE_BURST_NAME = "VOX_SINK_RATE_BURST"
RECEIPT_KEY_FILE = "VOX_SINK_RECEIPT_KEY_FILE"
PUBLIC_ORIGIN = "VOX_SINK_PUBLIC_ORIGIN"
INSECURE_LISTEN = "VOX_SINK_INSECURE_LISTEN"
METRICS_LISTEN = "VOX_SINK_METRICS_LISTEN"
OTLP_ENDPOINT = "VOX_SINK_OTLP_ENDPOINT"
CONSOLE = "VOX_SINK_CONSOLE"

# Each setting that an operator has: the field of `Config`, which is its key in a TOML file, and the
# environment variable.
SETTINGS: Final = {
    "database_url": DATABASE_URL,
    "database_url_file": DATABASE_URL_FILE,
    "data_dir": DATA_DIR,
    "host": HOST,
    "port": PORT,
    "workers": WORKERS,
    "upload_token": UPLOAD_TOKEN,
    "upload_token_file": UPLOAD_TOKEN_FILE,
    "public_origin": PUBLIC_ORIGIN,
    "public_authority": PUBLIC_AUTHORITY,
    "insecure_listen": INSECURE_LISTEN,
    "metrics_listen": METRICS_LISTEN,
    "otlp_endpoint": OTLP_ENDPOINT,
    "rate_per_s": RATE_PER_S_NAME,
    "rate_burst": RATE_BURST_NAME,
    "receipt_key_file": RECEIPT_KEY_FILE,
    "console": CONSOLE,
}

# A secret is given itself or by a file that holds it; who sets both does not know which one counts.
SECRET_FILES: Final = {DATABASE_URL: DATABASE_URL_FILE, UPLOAD_TOKEN: UPLOAD_TOKEN_FILE}

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8750
PORT_MAX = 65_535
WORKERS_MAX = 64
RATE_MAX_PER_S = 10_000.0
RATE_BURST_MAX = 100_000
_NUMBER_MAX_DIGITS = 10
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}
_YES = ("1", "true", "yes", "on")
_NO = ("0", "false", "no", "off")
_LISTEN = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]\s]+)):([0-9]{1,5})")
_AUTHORITY = re.compile(r"(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")


class Address(NamedTuple):
    """Where something listens."""

    host: str
    port: int


@dataclass(frozen=True)
class Config:
    """What an operator can set. A secret has no default and does not show in a repr.

    `database_url` None means the embedded Postgres under `data_dir`. `public_authority` is what
    clients sign as `@authority`, taken from `public_origin` when that is given; None means to
    believe the Host header, for loopback only (`listening.py`). `metrics_listen` None means that
    no metrics are served, `otlp_endpoint` None that no traces are made.
    `receipt_key_file` None means that receipts are not signed. Without `console` there is none.
    A `…_file` beside a secret is where it was read.
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
    public_origin: str | None = None
    insecure_listen: bool = False
    metrics_listen: Address | None = None
    otlp_endpoint: str | None = None
    database_url_file: Path | None = None
    upload_token_file: Path | None = None
    console: bool = True
    receive_deadline_s: float = RECEIVE_DEADLINE_S  # no variable on purpose: wire 4 names it

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings.

        Raises:
            ConfigError: naming the variable, what it holds (unless secret) and what was expected.

        """
        return cls(
            database_url=_database_url(environ),
            data_dir=Path(environ.get(DATA_DIR) or _own_data_dir()),
            host=environ.get(HOST) or DEFAULT_HOST,
            port=_integer(environ, PORT, DEFAULT_PORT, (0, PORT_MAX)),
            workers=_integer(environ, WORKERS, 1, (1, WORKERS_MAX)),
            upload_token=_secret(environ, UPLOAD_TOKEN),
            public_authority=_authority(environ),
            rate_per_s=_rate(environ),
            rate_burst=_integer(environ, RATE_BURST_NAME, RATE_BURST, (1, RATE_BURST_MAX)),
            receipt_key_file=_file(environ, RECEIPT_KEY_FILE),
            public_origin=_url(environ, PUBLIC_ORIGIN, "https://host[:port] as clients call it"),
            insecure_listen=_yes(environ, INSECURE_LISTEN),
            metrics_listen=_address(environ, METRICS_LISTEN),
            otlp_endpoint=_url(environ, OTLP_ENDPOINT, "http[s]://host[:port] of a collector"),
            database_url_file=_file(environ, DATABASE_URL_FILE),
            upload_token_file=_file(environ, UPLOAD_TOKEN_FILE),
            console=_yes(environ, CONSOLE, default=_YES[0]),
        )


def _secret(environ: Mapping[str, str], name: str) -> str | None:
    """Return a secret; blank is an error, since it would silently mean no protection."""
    value, file = environ.get(name), _file(environ, SECRET_FILES[name])
    if file is not None:
        if value is not None:
            raise ConfigError(f"{name} and {SECRET_FILES[name]} are both set, expected one")
        return read_secret(SECRET_FILES[name], file)
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


def _own_data_dir() -> str:
    try:
        return platformdirs.user_data_dir("vox-telemetry-sink")
    except RuntimeError as exc:  # a service's user may have no home folder
        raise ConfigError(f"{DATA_DIR} is not set and this user has no home: set it") from exc


def _database_url(environ: Mapping[str, str]) -> str | None:
    url = _secret(environ, DATABASE_URL)
    if url is not None and not is_postgres_url(url):
        raise ConfigError(
            f"{DATABASE_URL} is no Postgres URL, expected postgresql://[USER@]HOST[:PORT]/NAME"
        )
    return url


def _authority(environ: Mapping[str, str]) -> str | None:
    text, origin = (
        environ.get(PUBLIC_AUTHORITY),
        _url(environ, PUBLIC_ORIGIN, "https://host[:port]"),
    )
    if text is not None and origin is not None:
        raise ConfigError(f"{PUBLIC_ORIGIN} and {PUBLIC_AUTHORITY} are both set, expected one")
    if origin is not None:
        scheme, _, authority = origin.partition("://")
        return authority.removesuffix(_DEFAULT_PORTS[scheme])
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


def _url(environ: Mapping[str, str], name: str, expected: str) -> str | None:
    """Return an http or https URL that is a scheme and an authority, in lower case."""
    text = environ.get(name)
    if text is None:
        return None
    url = text.strip().lower().removesuffix("/")
    scheme, _, authority = url.partition("://")
    if scheme not in _DEFAULT_PORTS or _AUTHORITY.fullmatch(authority) is None:
        # Not repeated: an operator may have put credentials into it.
        raise ConfigError(f"{name} is no such URL, expected {expected}")
    return url


def _yes(environ: Mapping[str, str], name: str, *, default: str = _NO[0]) -> bool:
    text = environ.get(name, default)
    if text.lower() not in (*_YES, *_NO):
        raise ConfigError(f"{name} is '{text}', expected one of {', '.join((*_YES, *_NO))}")
    return text.lower() in _YES


def _address(environ: Mapping[str, str], name: str) -> Address | None:
    text = environ.get(name)
    if text is None:
        return None
    found = _LISTEN.fullmatch(text.strip())
    if found is None or int(found[3]) > PORT_MAX:
        raise ConfigError(f"{name} is '{text}', expected host:port such as 127.0.0.1:9464")
    return Address(found[1] or found[2], int(found[3]))
