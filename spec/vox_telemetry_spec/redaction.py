"""Redaction: what is kept of tool arguments, and the keyed hash that stands in for a value.

The modes are the original's, its default is not: what is not asked for by a known name is left out.
"""

import hashlib
import hmac
from enum import StrEnum

import msgspec
import xxhash

from vox_telemetry_spec.errors import SaltRefusedError
from vox_telemetry_spec.limits import SALT_MIN_BYTES
from vox_telemetry_spec.strict_json import JsonValue


class ToolArgsMode(StrEnum):
    """How much of a tool call's arguments a local record keeps."""

    FULL = "full"
    HASH = "hash"
    OMIT = "omit"


_MODES = {"full": ToolArgsMode.FULL, "hash": ToolArgsMode.HASH, "redact": ToolArgsMode.HASH}


def tool_args_mode(setting: str | None) -> ToolArgsMode:
    """Return the mode that a setting names, in any case; unset and unknown names mean OMIT."""
    return _MODES.get((setting or "").lower(), ToolArgsMode.OMIT)


def redact_tool_args(arguments: JsonValue, mode: ToolArgsMode = ToolArgsMode.OMIT) -> JsonValue:
    """Return what a record keeps under `args`: the arguments, `xxh3:<16 hex digits>`, or None.

    The hash is the original's: XXH3-64 with seed 0 over compact JSON with sorted names. It is not
    keyed, so a short argument can be guessed from it; it is for local records, never for uploads
    (`keyed_hash` is). Arguments that cannot be written as JSON are left out.
    """
    if mode is ToolArgsMode.FULL:
        return arguments
    if mode is ToolArgsMode.HASH:
        try:
            compact = msgspec.json.encode(arguments, order="sorted")
        except UnicodeEncodeError:  # a lone surrogate
            return None
        return f"xxh3:{xxhash.xxh3_64_hexdigest(compact)}"
    return None


def keyed_hash(value: str, salt: bytes) -> str:
    """Return `hmac-sha256:<64 hex digits>` of the UTF-8 bytes of `value`, keyed with `salt`.

    The result is a token of the contracts. `salt` belongs to one installation and never leaves it,
    so equal values can be joined within that installation and guessed by nobody else.

    Raises:
        SaltRefusedError: the salt is shorter than SALT_MIN_BYTES.

    """
    if len(salt) < SALT_MIN_BYTES:
        raise SaltRefusedError(
            f"got a salt of {len(salt)} bytes, expected at least {SALT_MIN_BYTES} random ones"
        )
    # A lone surrogate is hashed too: the value must go, whatever it is made of.
    digest = hmac.new(salt, value.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return f"hmac-sha256:{digest.hexdigest()}"
