"""What a check found: where and which rule, never what was there.

A violation is the only thing that leaves a check. It holds the event's place in its batch, an
RFC 6901 JSON Pointer and a rule id, so an answer, a log line or a metric made of violations
cannot repeat a forbidden value.
"""

import re

import msgspec

# A member name may itself be a secret (an e-mail address used as a key). Only names of the shape
# that contracts declare are shown; any other is shown as HIDDEN_NAME.
_SHOWN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
HIDDEN_NAME = "*"


class Violation(msgspec.Struct, frozen=True, order=True):
    """One refused place: `event` counts from 0 (None: the batch itself)."""

    event: int | None
    pointer: str
    rule: str


def child(pointer: str, name: str | int) -> str:
    """Return the RFC 6901 pointer of a member; a name that contracts cannot declare is hidden."""
    if isinstance(name, int) or _SHOWN_NAME.fullmatch(name):
        return f"{pointer}/{name}"
    return f"{pointer}/{HIDDEN_NAME}"
