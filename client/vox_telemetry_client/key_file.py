"""Private keys in files: one that is imported, and one that a server signs with.

A file counts only where nobody else can read or replace the key. Windows says who may read a file
in another way than by a mode, and there the folder's rights are all that protects it.
"""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vox_telemetry_client.config import KEY_FILE
from vox_telemetry_client.errors import CredentialError, PassphraseNeededError, os_words
from vox_telemetry_client.files import sync_folder, write_new
from vox_telemetry_client.hidden import Hidden
from vox_telemetry_client.key_formats import read_private_key
from vox_telemetry_client.limits import KEY_FILE_MAX_BYTES
from vox_telemetry_spec.keys import SigningKey

_ALLOWED_MODES = (0o600, 0o400)
_LINKS_MAX_COUNT = 40  # Linux follows as many (path_resolution(7))


def load(path: Path) -> SigningKey:
    """Return the key in the file that a server signs with.

    Raises:
        CredentialError: the file is not safe, not there, or holds no usable key.

    """
    document = read(path, if_missing=_make_one(path))
    trouble = ""
    try:
        return read_private_key(document)
    except PassphraseNeededError:
        trouble = "it is encrypted, and nobody is there to be asked for its passphrase"
    except CredentialError as exc:
        trouble = str(exc)
    raise CredentialError(f"the key file {path} cannot be used: {trouble}")


def check(path: Path) -> None:
    """Check, unopened, that the file that a server signs with is there and nobody else's.

    Raises:
        CredentialError: others can read or replace it, or it is not there.

    """
    with _told(path, _make_one(path)):
        _check_links(path)
        _check_owner(path, path.stat())


def read(path: Path, *, if_missing: str = "") -> Hidden[bytes]:
    """Return the bytes of a private file; of a missing one the message ends with `if_missing`.

    Raises:
        CredentialError: others can read or replace it, or it cannot be read.

    """
    with _told(path, if_missing):
        _check_links(path)
        # Never waits: a named pipe would keep the program for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            _check_owner(path, os.fstat(descriptor))
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                document = Hidden(file.read(KEY_FILE_MAX_BYTES + 1))
        finally:
            os.close(descriptor)
    if len(document.reveal()) > KEY_FILE_MAX_BYTES:
        raise CredentialError(
            f"{path} is longer than {KEY_FILE_MAX_BYTES} bytes, expected one private key"
        )
    return document


def write(path: Path, key: SigningKey) -> None:
    """Write a key into a new file that only this user can read.

    Raises:
        CredentialError: there is a file already, or it cannot be written.

    """
    trouble = ""
    try:
        write_new(path, key.private_jwk().encode() + b"\n")
        sync_folder(path.parent)
    except FileExistsError:
        trouble = f"{path} is there already, and a key is never overwritten: name another file"
    except OSError as exc:
        trouble = f"{path} cannot be written: {os_words(exc)}"
    if trouble:  # outside of the clause: the failed frames hold the key
        raise CredentialError(trouble)


@contextmanager
def _told(path: Path, if_missing: str) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        todo = if_missing if isinstance(exc, FileNotFoundError) else ""
        trouble = f"the key file {path} cannot be read: {os_words(exc)}{todo}"
        raise CredentialError(trouble) from exc


def _make_one(path: Path) -> str:
    make = f"`vox-telemetry keys generate --file '{path}'`"
    return f"; make one with {make}, or unset {KEY_FILE}"


def _check_owner(path: Path, found: os.stat_result) -> None:
    if reason := _why_unsafe(found):
        raise CredentialError(f"the key file {path} is refused: {reason}")


def _why_unsafe(found: os.stat_result) -> str:
    """Return why the file is refused, or nothing."""
    if not stat.S_ISREG(found.st_mode):
        return "it is no regular file"
    if sys.platform == "win32":
        return ""
    if found.st_uid != os.geteuid():
        return f"it belongs to user {found.st_uid}, expected {os.geteuid()}: chown it"
    mode = stat.S_IMODE(found.st_mode)
    if mode not in _ALLOWED_MODES:
        return (
            f"its mode is {mode:04o}, expected 0600 or 0400: run chmod 600, and take a new key "
            "if others could read this one"
        )
    return ""


def _check_links(path: Path) -> None:
    """Check that nobody else can turn a link on the way to the file."""
    for _ in range(_LINKS_MAX_COUNT):
        if not path.is_symlink():
            return
        if path.parent.stat().st_mode & stat.S_IWOTH and sys.platform != "win32":
            raise CredentialError(
                f"the key file {path} is refused: it is a symbolic link in a folder that everybody "
                "may write to, move it to a folder of yours"
            )
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
