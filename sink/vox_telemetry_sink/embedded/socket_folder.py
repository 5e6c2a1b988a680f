"""Find a private folder with a short path for the socket."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from vox_telemetry_sink.embedded.errors import EmbeddedPostgresError
from vox_telemetry_sink.embedded.server_user import ServerUser

SOCKET_NAME: Final = ".s.PGSQL.5432"
_PREFIX: Final = "vox-pg-"
SOCKET_PATH_MAX_BYTES: Final = 107  # sun_path of unix(7) has 108 with the closing NUL; macOS: 104


def make_socket_folder(cluster: Path, user: ServerUser) -> Path:
    """Make (or find again) the 0700 folder of this cluster's socket, and empty it.

    It lies under XDG_RUNTIME_DIR, or in the temporary folder when that is unset, not there, another
    user's or too long: a data directory may be deep, a socket's path may not. Call it only when no
    server of this cluster runs: what lies in it was left by a crash.

    Raises:
        EmbeddedPostgresError: both places are too long, or the folder there is not ours alone.
    """
    name = _PREFIX + hashlib.sha256(os.fsencode(cluster)).hexdigest()[:12]
    places = [place / name for place in _places(user)]
    fitting = [place for place in places if _length(place) <= SOCKET_PATH_MAX_BYTES]
    if not fitting:
        raise EmbeddedPostgresError(
            f"the socket's path would take {min(map(_length, places))} bytes, the limit is "
            f"{SOCKET_PATH_MAX_BYTES}; set TMPDIR to a folder with a shorter path"
        )
    folder = fitting[0]
    _make_private(folder, user)
    _empty(folder)
    return folder


def remove_socket_folder(folder: Path) -> None:
    """Remove the folder of a stopped server, unless it is one that we did not make."""
    if folder.name.startswith(_PREFIX):
        _empty(folder)
        folder.rmdir()


def _empty(folder: Path) -> None:
    for left in folder.glob(SOCKET_NAME + "*"):
        left.unlink()


def _places(user: ServerUser) -> list[Path]:
    temporary = Path(tempfile.gettempdir())
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or temporary)
    usable = runtime.is_dir() and runtime.stat().st_uid == user.uid
    return [runtime, temporary] if usable else [temporary]


def _length(folder: Path) -> int:
    return len(os.fsencode(folder / SOCKET_NAME))


def _make_private(folder: Path, user: ServerUser) -> None:
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, user.uid, -1)
    except FileExistsError:
        pass
    found = folder.lstat()  # lstat: another user's link in a shared folder is not followed
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user.uid or found.st_mode & 0o077:
        raise EmbeddedPostgresError(
            f"{folder} is not a folder of user id {user.uid} with mode 0700; remove it, or set "
            "TMPDIR to a folder of your own"
        )
