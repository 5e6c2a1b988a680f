"""Secrets that a person gives: hidden on a terminal, else a line of standard input or of a file.

Never from an argument: other users see arguments with `ps`, and a shell writes them down.
"""

import sys
from getpass import getpass
from pathlib import Path

from vox_telemetry_client import key_file
from vox_telemetry_client.errors import CredentialError, PassphraseNeededError, os_words
from vox_telemetry_client.files import read_at_most
from vox_telemetry_client.hidden import Hidden
from vox_telemetry_client.key_formats import read_private_key
from vox_telemetry_client.limits import KEY_FILE_MAX_BYTES, SECRET_LINE_MAX_CHARS
from vox_telemetry_spec.keys import SigningKey

STDIN = "-"


def one_time_code(source: str | None) -> Hidden[str]:
    """Return the code from a file, or from the terminal, or from standard input.

    Raises:
        CredentialError: there is none.

    """
    if source is not None and source != STDIN:
        code = _first_line_of(Path(source))
    elif source is None and _at_terminal():
        code = _asked("one-time code: ")
    else:
        code = Hidden(_stdin_line())
    if not code.reveal():
        raise CredentialError("no one-time code was given, expected the one from the sink")
    return code


def private_key(source: str) -> SigningKey:
    """Return the key in a file, or on standard input for `-`; its passphrase is asked for.

    Raises:
        CredentialError: no usable key, a file that others can read, or nobody to ask.

    """
    document = _stdin_document() if source == STDIN else key_file.read(Path(source))
    try:
        return read_private_key(document)
    except PassphraseNeededError:
        pass
    if source == STDIN or not _at_terminal():
        raise CredentialError(
            "the key is encrypted and there is no terminal to ask for its passphrase: "
            "run this on a terminal with the name of the key's file"
        )
    passphrase = Hidden(_asked("passphrase of the key: ").reveal().encode())
    return read_private_key(document, passphrase)


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _asked(prompt: str) -> Hidden[str]:
    try:
        return Hidden(getpass(prompt).strip("\r\n"))
    except EOFError:
        return Hidden("")


def _stdin_line() -> str:
    if sys.stdin is None:
        return ""
    try:
        return sys.stdin.readline(SECRET_LINE_MAX_CHARS).strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _first_line_of(path: Path) -> Hidden[str]:
    try:
        # Such files are often links: those who mount secrets place them so.
        return Hidden(
            read_at_most(path, SECRET_LINE_MAX_CHARS, follow_link=True)
            .decode(errors="replace")
            .strip()
        )
    except OSError as exc:
        raise CredentialError(f"{path} cannot be read: {os_words(exc)}") from exc


def _stdin_document() -> Hidden[bytes]:
    if sys.stdin is None or sys.stdin.isatty():
        raise CredentialError(
            "standard input is a terminal, which would show the key: name a file, or pipe it"
        )
    document = Hidden(sys.stdin.buffer.read(KEY_FILE_MAX_BYTES + 1))
    if len(document.reveal()) > KEY_FILE_MAX_BYTES:
        raise CredentialError(
            f"standard input holds more than {KEY_FILE_MAX_BYTES} bytes, expected one private key"
        )
    return document
