"""What opens the console: a token that a person pastes, and what is kept of it; pure.

A token is `voxc_<id>_<secret>` in hexadecimal digits: one word for a double click, and a form that
secret scanners can look for. The id names it in records, the secret is 256 random bits.
"""

import hashlib
import hmac
import re
from datetime import datetime
from typing import Final, NamedTuple

from vox_telemetry_spec.limits import CONSOLE_SECRET_BYTES, CONSOLE_TOKEN_ID_BYTES

_FORM: Final = re.compile(
    rf"voxc_(?P<id>[0-9a-f]{{{2 * CONSOLE_TOKEN_ID_BYTES}}})"
    rf"_(?P<secret>[0-9a-f]{{{2 * CONSOLE_SECRET_BYTES}}})"
)


class ConsoleToken(NamedTuple):
    """A token as it is presented; `shown` is the whole of it and goes nowhere but to its owner."""

    token_id: str
    secret_sha256: bytes
    shown: str


class KnownToken(NamedTuple):
    """A token as the database has it; `is_good` when it is neither revoked nor expired."""

    secret_sha256: bytes
    name: str
    is_good: bool


class ListedToken(NamedTuple):
    """A token for operators."""

    token_id: str
    name: str
    role: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def state(self, now: datetime) -> str:
        """Return good, revoked or expired."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if now >= self.expires_at else "good"


def make_token(token_id: bytes, secret: bytes) -> ConsoleToken:
    """Return the token of random bytes."""
    return ConsoleToken(
        token_id.hex(), hashed(secret.hex()), f"voxc_{token_id.hex()}_{secret.hex()}"
    )


def read_token(text: str) -> ConsoleToken | None:
    """Return the token that somebody pasted, or None for what is none."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    return ConsoleToken(found["id"], hashed(found["secret"]), found[0])


def hashed(secret: str) -> bytes:
    """Return what is kept of a random secret.

    A fast hash is right here: slow ones make the guessing of passwords dear, and nobody guesses 256
    random bits, fast or slow. It keeps a copy of the database from being a bunch of keys.
    """
    return hashlib.sha256(secret.encode()).digest()


def opens(presented: ConsoleToken, known: KnownToken) -> bool:
    """Tell whether a token is the one that is known, and good; in the same time for all others."""
    return hmac.compare_digest(presented.secret_sha256, known.secret_sha256) and known.is_good
