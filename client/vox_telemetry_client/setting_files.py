"""The organisation's policy and the user's configuration, both TOML, read anew each time.

Both are shared with the program Vox, so its keys are known here, and what stands in other tables
is passed over. Anything else that is not understood is trouble, and trouble means off: a misspelt
`enabled` must not send.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vox_telemetry_client.files import read_at_most
from vox_telemetry_client.limits import SETTINGS_MAX_BYTES
from vox_telemetry_client.switches import FileSays

_POLICY_KEYS = frozenset({"enabled"})
_OURS = frozenset({"enabled", "remote_upload", "upload_url", "spool_dir", "opt_in_s2"})
# Keys of the original's `[telemetry]` that say nothing about sending.
_THEIRS = frozenset(
    {"research_metrics", "model_calls", "agent_orchestration", "build", "errors", "debug_to_stderr"}
)


@dataclass(frozen=True)
class UserSettings:
    """The user's `[telemetry]`; `None` where it says nothing."""

    says: FileSays
    upload_url: str | None = field(default=None, repr=False)
    spool_dir: Path | None = None
    opt_in_s2: tuple[str, ...] = ()


class _TroubleError(Exception):
    """Why a file is not understood; never leaves this module."""


def read_policy(path: Path) -> FileSays:
    """Return what the organisation says; an absent file says nothing."""
    try:
        document = _document(path)
        return FileSays(str(path), _enabled(document, _table(document, _POLICY_KEYS)))
    except _TroubleError as exc:
        return FileSays(str(path), trouble=str(exc))


def read_user_settings(path: Path | None) -> UserSettings:
    """Return what the user says; an absent file, or no home to hold one, says nothing."""
    if path is None:
        return UserSettings(FileSays(""))
    try:
        document = _document(path)
        table = _table(document, _OURS | _THEIRS)
        return UserSettings(
            FileSays(str(path), _enabled(document, table)),
            _text(table, "upload_url"),
            _folder(table),
            _names(table),
        )
    except _TroubleError as exc:
        return UserSettings(FileSays(str(path), trouble=str(exc)))


def _document(path: Path) -> dict[str, Any]:
    try:
        # A link is followed: organisations and dotfile managers place such files by links.
        raw = read_at_most(path, SETTINGS_MAX_BYTES + 1, follow_link=True)
        if len(raw) > SETTINGS_MAX_BYTES:
            raise _TroubleError(f"is longer than {SETTINGS_MAX_BYTES} bytes")
        return tomllib.loads(raw.decode())
    except FileNotFoundError:
        return {}
    except OSError as exc:
        raise _TroubleError(f"cannot be read ({(exc.strerror or '').lower()})") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise _TroubleError("is no TOML") from exc


def _table(document: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    table = document.get("telemetry", {})
    if not isinstance(table, dict):
        raise _TroubleError("has a 'telemetry' that is no table")
    unknown = sorted(table.keys() - known)
    if unknown:
        raise _TroubleError(f"has an unknown key {unknown[0]!a} in [telemetry]")
    return table


def _enabled(document: Mapping[str, Any], table: Mapping[str, Any]) -> bool | None:
    """Return False where anything says so; the original also reads keys before any table."""
    said = [
        (key, place[key])
        for place in (document, table)
        for key in ("enabled", "remote_upload")
        if key in place
    ]
    for key, value in said:
        if not isinstance(value, bool):
            raise _TroubleError(f"has a '{key}' that is neither true nor false")
    return all(value for _, value in said) if said else None


def _text(table: Mapping[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise _TroubleError(f"has a '{key}' that is no text, or a blank one")
    return value.strip()


def _folder(table: Mapping[str, Any]) -> Path | None:
    text = _text(table, "spool_dir")
    if text is None:
        return None
    try:
        folder = Path(text).expanduser()
    except RuntimeError as exc:
        raise _TroubleError("has a 'spool_dir' in an unknown home") from exc
    if not folder.is_absolute():
        raise _TroubleError("has a 'spool_dir' that is neither absolute nor under ~")
    return folder


def _names(table: Mapping[str, Any]) -> tuple[str, ...]:
    names = table.get("opt_in_s2", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _TroubleError("has an 'opt_in_s2' that is no list of family names")
    return tuple(names)
