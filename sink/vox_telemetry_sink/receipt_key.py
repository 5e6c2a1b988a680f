"""The key that signs receipts: a file with a PKCS#8 PEM that only the sink's user can read.

Every worker and every sink of one service has the same file. The key is nowhere else: in no log, no
answer, no repr.
"""

import os
import stat
import sys
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from vox_telemetry_sink.errors import ConfigError, os_words
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.limits import RECEIPT_KEY_FILE_MAX_BYTES

RECEIPT_KEY_NAME: Final = "receipt-key.pem"  # in the data folder, beside the embedded Postgres
_MODE: Final = 0o600
_OTHERS: Final = 0o077
_OTHERS_OF_ROOTS: Final = 0o037  # its group may read: see `_why_unsafe`
_EXPECTED: Final = "expected an Ed25519 private key in PKCS#8 PEM without a passphrase"


def generate_receipt_key(path: Path) -> SigningKey:
    """Make a key and write it into a new file, which is never overwritten.

    Raises:
        ConfigError: there is a file already, or it cannot be written.

    """
    private = Ed25519PrivateKey.generate()
    document = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    trouble = ""
    try:
        _write_new(path, document)
    except FileExistsError:
        trouble = f"{path} is there already, and a key is never overwritten: name another file"
    except OSError as exc:
        trouble = f"{path} cannot be written: {os_words(exc)}"
    if trouble:  # outside of the clause: the frame in which it failed holds the key
        raise ConfigError(trouble)
    return SigningKey(private.private_bytes_raw())


def load_receipt_key(path: Path) -> SigningKey:
    """Return the key in a file.

    Raises:
        ConfigError: others can read or replace it, or it holds no usable key.

    """
    document = _read_private(path)
    trouble: type[Exception] | None = None
    try:
        key = load_pem_private_key(document, None)
    except (TypeError, ValueError, UnsupportedAlgorithm) as exc:
        trouble = type(exc)
    if trouble is not None:  # outside of the clause, as above
        raise ConfigError(f"the receipt key {path} cannot be used, {_EXPECTED}")
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"the receipt key {path} is of another kind, {_EXPECTED}")
    return SigningKey(key.private_bytes_raw())


def _read_private(path: Path) -> bytes:
    try:
        # Never waits: a named pipe would keep the program for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            if reason := _why_unsafe(os.fstat(descriptor)):
                raise ConfigError(f"the receipt key {path} is refused: {reason}")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                document = file.read(RECEIPT_KEY_FILE_MAX_BYTES + 1)
        finally:
            os.close(descriptor)
    except OSError as exc:
        raise ConfigError(f"the receipt key {path} cannot be read: {os_words(exc)}") from exc
    if len(document) > RECEIPT_KEY_FILE_MAX_BYTES:
        raise ConfigError(f"the receipt key {path} is too long, {_EXPECTED}")
    return document


def _why_unsafe(found: os.stat_result) -> str:
    """Return why a file is refused, or nothing; Windows says who may read in another way.

    A file of root's can be read by another user only where root lets a group, as Kubernetes
    (`fsGroup`) and systemd's credentials do; Postgres takes its TLS key by the same rule.
    """
    if not stat.S_ISREG(found.st_mode):
        return "it is no regular file"
    if sys.platform == "win32":
        return ""
    if found.st_uid not in (0, os.geteuid()):
        return f"it belongs to user {found.st_uid}, expected {os.geteuid()}: chown it"
    is_roots = found.st_uid == 0 and os.geteuid() != 0
    if stat.S_IMODE(found.st_mode) & (_OTHERS_OF_ROOTS if is_roots else _OTHERS):
        return (
            f"its mode is {stat.S_IMODE(found.st_mode):04o}, expected 0600 or 0400: run chmod 600, "
            "and take a new key if others could read this one"
        )
    return ""


def _write_new(path: Path, document: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(document)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)  # half a key would keep the sink from starting
        raise
