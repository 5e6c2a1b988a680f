"""Settings: the only file that names environment variables of the client."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vox_telemetry_client.errors import NotConfiguredError
from vox_telemetry_client.limits import SPOOL_MAX_BYTES

UPLOAD_URL = "VOX_TELEMETRY_UPLOAD_URL"
UPLOAD_TOKEN = "VOX_TELEMETRY_UPLOAD_TOKEN"  # noqa: S105 -- the variable's name, not a token
KEY_FILE = "VOX_TELEMETRY_KEY_FILE"
CA_FILE = "VOX_TELEMETRY_CA_FILE"
COMMON_CA_FILE = "SSL_CERT_FILE"  # OpenSSL's and curl's name for the same
SPOOL_DIR = "VOX_TELEMETRY_SPOOL_DIR"
SPOOL_BYTES = "VOX_TELEMETRY_SPOOL_MAX_BYTES"
STORE_DB = "VOX_TELEMETRY_DB"
MASTER_SWITCH = "VOX_TELEMETRY"
DO_NOT_TRACK = "DO_NOT_TRACK"
BENCHMARK_SWITCH = "VOX_BENCHMARK_TELEMETRY"
SYNTAX_K_SWITCH = "VOX_SYNTAX_K_TELEMETRY"
CONFIG_HOME = "XDG_CONFIG_HOME"

_POLICY = "telemetry-policy.toml"
# 18 digits fit every file system, and Python refuses to read more than 4,300.
_WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
DEFAULT_SPOOL = Path(".vox", "telemetry-upload-queue")
# A folder of its own, since `.vox` itself is not private.
DEFAULT_STORE = Path(".vox", "telemetry-store", "metrics.sqlite3")


@dataclass(frozen=True)
class Config:
    """What the environment says, else the user's configuration; `None` where both are silent.

    `upload_url` and `upload_token` are kept as they came, blank ones too: `credentials` resolves
    them, so that a command which sends nothing does not fail on them.
    """

    spool: Path
    spool_max_bytes: int
    store: Path
    upload_url: str | None = field(repr=False)
    upload_token: str | None = field(repr=False)
    key_file: Path | None = None
    opt_in_s2: frozenset[str] = frozenset()
    ca_file: Path | None = None


def from_env(
    environ: Mapping[str, str],
    cwd: Path,
    *,
    spool_dir: Path | None = None,
    upload_url: str | None = None,
    opt_in_s2: Iterable[str] = (),
) -> Config:
    """Read the settings; a relative spool folder is meant from `cwd`.

    `spool_dir`, `upload_url` and `opt_in_s2` are what the user's configuration says.

    Raises:
        NotConfiguredError: a setting that cannot be understood.

    """
    folder = environ.get(SPOOL_DIR, "").strip()
    otherwise = _repository(cwd) / DEFAULT_SPOOL if spool_dir is None else spool_dir
    return Config(
        spool=cwd / _expanded(SPOOL_DIR, folder) if folder else otherwise,
        spool_max_bytes=_bytes(environ.get(SPOOL_BYTES, "").strip()),
        store=store_path(environ, cwd),
        upload_url=environ.get(UPLOAD_URL, upload_url),
        upload_token=environ.get(UPLOAD_TOKEN),
        key_file=_file_named(KEY_FILE, environ, cwd),
        opt_in_s2=frozenset(opt_in_s2),
        ca_file=_file_named(CA_FILE, environ, cwd) or _common_ca_file(environ, cwd),
    )


def store_path(environ: Mapping[str, str], cwd: Path) -> Path:
    """Return the local store's file; a relative one is meant from `cwd`.

    Raises:
        NotConfiguredError: it lies in the home of a user that there is not.

    """
    name = environ.get(STORE_DB, "").strip()
    return cwd / _expanded(STORE_DB, name) if name else _repository(cwd) / DEFAULT_STORE


def _file_named(variable: str, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """Return a file; a blank name is a mistake, not a wish to use or trust something else."""
    name = environ.get(variable)
    if name is None:
        return None
    if not name.strip():
        raise NotConfiguredError(f"{variable} is blank, expected a path: set it or unset it")
    return cwd / _expanded(variable, name.strip())


def _common_ca_file(environ: Mapping[str, str], cwd: Path) -> Path | None:
    name = environ.get(COMMON_CA_FILE, "").strip()
    return cwd / _expanded(COMMON_CA_FILE, name) if name else None


def policy_path(environ: Mapping[str, str], platform: str) -> Path:
    """Return where an organisation puts its policy; no setting of ours can move it."""
    if platform == "win32":
        return Path(environ.get("PROGRAMDATA", r"C:\ProgramData"), "vox", _POLICY)
    return Path("/etc/vox", _POLICY)


def user_settings_path(environ: Mapping[str, str], platform: str) -> Path | None:
    """Return where Vox looks for the user's configuration; None for a user without a home."""
    variable = "APPDATA" if platform == "win32" else CONFIG_HOME
    given = Path(environ.get(variable, ""))
    if given.is_absolute():  # the XDG specification has others ignored
        return given / "vox" / "config.toml"
    try:
        return Path.home() / ".config" / "vox" / "config.toml"
    except RuntimeError:
        return None


def _expanded(variable: str, name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError as exc:
        raise NotConfiguredError(
            f"{variable} is '{name}' and there is no such user, expected a path"
        ) from exc


def _repository(cwd: Path) -> Path:
    """Return the nearest folder with a `.git`, so that one repository has one spool, else `cwd`."""
    return next((folder for folder in (cwd, *cwd.parents) if (folder / ".git").exists()), cwd)


def _bytes(text: str) -> int:
    if not text:
        return SPOOL_MAX_BYTES
    if not _WHOLE_NUMBER.fullmatch(text):
        raise NotConfiguredError(
            f"{SPOOL_BYTES} is '{text}', expected a whole number of bytes, 1 to 18 digits"
        )
    return int(text)
