"""Where the operator's consent is kept: one file in their configuration folder, mode 0600."""

import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from vox_telemetry_client.consent import Consent
from vox_telemetry_client.errors import ConsentError
from vox_telemetry_client.files import FOLDER_MODE, read_at_most, replace
from vox_telemetry_client.limits import SETTINGS_MAX_BYTES
from vox_telemetry_client.user_folder import user_folder

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class Kept:
    """What is kept: a decision, or none, or why what lies there counts as none."""

    consent: Consent | None = None
    trouble: str = ""


def path() -> Path:
    """Return where the file lies on this system."""
    return user_folder() / "consent.json"


def read() -> Kept:
    """Return the decision; a file that is damaged, or not this user's alone, is no consent."""
    file = path()
    try:
        found = file.lstat()
        trouble = _trouble(found)
        if trouble:
            return Kept(trouble=f"{file} {trouble}")
        raw = read_at_most(file, SETTINGS_MAX_BYTES + 1)
        if len(raw) > SETTINGS_MAX_BYTES:
            return Kept(trouble=f"{file} is longer than {SETTINGS_MAX_BYTES} bytes")
    except FileNotFoundError:
        return Kept()
    except OSError as exc:
        return Kept(trouble=f"{file} cannot be read: {(exc.strerror or '').lower()}")
    kept = _decision(raw)
    return Kept(trouble=f"{file} is damaged") if kept is None else Kept(kept)


def write(consent: Consent) -> None:
    """Replace the decision in one step.

    Raises:
        ConsentError: it cannot be written; the earlier decision holds.

    """
    try:
        path().parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        replace(path(), msgspec.json.format(msgspec.json.encode(consent)) + b"\n")
    except OSError as exc:
        raise ConsentError(
            f"{path()} cannot be written: {(exc.strerror or '').lower()}; the earlier decision "
            "holds, VOX_TELEMETRY=off stops every request meanwhile"
        ) from exc


@lru_cache(maxsize=1)  # the file is read before every request, and as a rule says the same
def _decision(raw: bytes) -> Consent | None:
    """Return what these bytes say; None where they are damaged."""
    try:
        found = msgspec.json.decode(raw, type=Consent)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if found.is_whole else None


def _trouble(found: os.stat_result) -> str:
    if not stat.S_ISREG(found.st_mode):
        return "is no plain file"
    if not hasattr(os, "geteuid"):
        return ""  # Windows: the user's profile is guarded by its access control list
    if found.st_uid != os.geteuid():
        return f"belongs to user {found.st_uid}, expected {os.geteuid()}"
    return "can be written by others" if found.st_mode & _OTHERS_MAY_WRITE else ""
