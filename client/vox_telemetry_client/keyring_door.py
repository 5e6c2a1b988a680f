"""The only file that talks to the keyring, and the only one that imports it.

Every wait is bounded, every failure is one clear error, and only a backend that keeps secrets as
secrets is used: there is no plain-text fallback.
"""

from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.hidden import Hidden
from vox_telemetry_client.limits import KEYRING_WAIT_S

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "vox-telemetry"
_WITHOUT_DESKTOP = (
    "without a desktop, start a Secret Service (gnome-keyring under D-Bus), name a backend in "
    "PYTHON_KEYRING_BACKEND, or keep the key in a file: see VOX_TELEMETRY_KEY_FILE"
)
_HEADLESS = f"no usable keyring: unlock yours; {_WITHOUT_DESKTOP}"
_LOCKED = f"the keyring is locked: unlock it and run this again; {_WITHOUT_DESKTOP}"
_PLAIN_TEXT = "keyrings.alt."  # its backends keep secrets in plain files, or nearly so

T = TypeVar("T")


class _RefusedError(Exception):
    """A backend that is not to be trusted with a key; never leaves this module."""


def read(user: str) -> Hidden[str] | None:
    """Return what the keyring holds for `user`, or None.

    Raises:
        CredentialError: the keyring cannot be asked.

    """

    def ask() -> Hidden[str] | None:
        found = _backend().get_password(SERVICE, user)
        return None if found is None else Hidden(found)

    return _bounded(ask)


def store(user: str, secret: Hidden[str]) -> None:
    """Keep a secret and make sure that it is kept.

    Raises:
        CredentialError: the keyring cannot be asked, or does not give the secret back.

    """
    _bounded(lambda: _backend().set_password(SERVICE, user, secret.reveal()))
    # Some backends accept everything and keep nothing.
    kept = read(user)
    if kept is None or kept.reveal() != secret.reveal():
        raise CredentialError(f"the keyring took the key and does not give it back; {_HEADLESS}")


def delete(user: str) -> None:
    """Delete what the keyring holds for `user`; nothing there is no trouble.

    Raises:
        CredentialError: the keyring cannot be asked, or does not delete it.

    """
    if read(user) is not None:
        _bounded(lambda: _backend().delete_password(SERVICE, user))


def backend_name() -> str:
    """Return which keyring is used, as `PYTHON_KEYRING_BACKEND` would name it.

    Raises:
        CredentialError: none that can be used.

    """

    def ask() -> str:
        kind = type(_backend())
        return f"{kind.__module__}.{kind.__qualname__}"

    return _bounded(ask)


def _backend() -> "KeyringBackend":
    """Return the backend to use, set up as a private key needs it.

    Raises:
        _RefusedError: none is to be trusted with a key.

    """
    import keyring  # noqa: PLC0415 -- 40 ms that only the commands that need it should pay
    from keyring.backends.chainer import ChainerBackend  # noqa: PLC0415 -- likewise

    found = keyring.get_keyring()
    # A chain writes to its first member. Installing keyrings.alt makes one of whatever there is.
    chain = found.backends if isinstance(found, ChainerBackend) else [found]
    reasons = [_why_not(backend) for backend in chain]
    for backend, reason in zip(chain, reasons, strict=True):
        if not reason:
            return _set_up(backend)
    raise _RefusedError(next(iter(reasons), _HEADLESS))


def _why_not(backend: "KeyringBackend") -> str:
    """Return why a backend is refused, or nothing."""
    module = type(backend).__module__
    if module in ("keyring.backends.fail", "keyring.backends.null"):
        return f"{_HEADLESS} ({module} keeps nothing)"
    if module.startswith(_PLAIN_TEXT) and not _is_named(backend):
        return (
            f"{_HEADLESS} ({module} keeps secrets in a plain file: it is used only where "
            "PYTHON_KEYRING_BACKEND or keyringrc.cfg names it)"
        )
    return ""


def _is_named(backend: "KeyringBackend") -> bool:
    """Tell whether a person chose this backend by its name."""
    from keyring import core  # noqa: PLC0415 -- see `_backend`

    return type(core.load_env() or core.load_config()) is type(backend)


def _set_up(backend: "KeyringBackend") -> "KeyringBackend":
    from keyring.backends.Windows import WinVaultKeyring  # noqa: PLC0415 -- see `_backend`

    if isinstance(backend, WinVaultKeyring):
        # Its default follows the user's profile to other machines. Not `with_properties`, which
        # writes past the descriptor and changes nothing.
        backend.persist = "local machine"
    return backend


def _bounded(question: Callable[[], T]) -> T:
    """Put a question to the keyring, and wait for KEYRING_WAIT_S at most.

    A locked keyring on a machine without a screen waits for ever for a password. The thread that
    waits is a daemon, so it does not keep the program.

    Of a failure only the reason is kept, no exception: the frames of a backend hold the secret.
    """
    answers: list[T] = []
    reasons: list[str] = []

    def ask() -> None:
        try:
            answers.append(question())
        except _RefusedError as exc:
            reasons.append(str(exc))
        except Exception as exc:  # noqa: BLE001 -- backends are plug-ins and raise what they like
            kind = type(exc).__name__
            reasons.append(f"{_LOCKED if kind == 'KeyringLocked' else _HEADLESS} ({kind})")

    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(KEYRING_WAIT_S)
    if reasons:
        raise CredentialError(reasons[0])
    if not answers:
        raise CredentialError(
            f"the keyring did not answer in {KEYRING_WAIT_S:.0f} s, it may be waiting for a "
            f"password; {_HEADLESS}"
        )
    return answers[0]
