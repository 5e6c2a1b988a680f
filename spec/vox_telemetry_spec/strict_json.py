"""JSON as wire 5 wants it: one document, one meaning, the same on every Python.

Refused with a pointer: duplicate names (also through escapes), NaN, Infinity and overflow,
integers beyond 64 bit, lone surrogates, U+0000, nesting beyond the limit, trailing data.

Three readers, the quickest first; the last one decides and says where the trouble is.

(1) Canonical bytes (what `encode` writes): decode, encode again, compare. Equal bytes cannot hold a
    duplicate name, an unusual number or a second document.
(2) The standard library with hooks against duplicate names and NaN.
(3) `StrictParser`, with pointers; it sees only what (1) and (2) could not vouch for.
"""

import json
import re
from typing import Never, TypeAlias

import msgspec

from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.limits import JSON_MAX_DEPTH
from vox_telemetry_spec.strict_parser import StrictParser

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = "dict[str, JsonValue]"

# 19 digits may exceed 64 bit; a hash may hold as many, which costs it the fast way and no more.
_LONG_DIGITS = re.compile(rb"[0-9]{19}")


def encode(value: JsonValue) -> bytes:
    """Return the canonical bytes: UTF-8, no white space, names in the order given."""
    return msgspec.json.encode(value)


def decode(raw: bytes) -> JsonValue:
    """Return the value of one strict JSON document.

    Raises:
        JsonRefusedError: with the first place and rule that it breaks.

    """
    try:
        value = _canonical(raw)
    except _NotVouchedForError:
        text = _text(raw)
        try:
            value = _with_hooks(text)
        except _NotVouchedForError:
            value = StrictParser(text).document()
    return value


class _NotVouchedForError(Exception):
    """A quick reader cannot tell; the next one must."""


def _canonical(raw: bytes) -> JsonValue:
    try:
        value: JsonValue = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise _NotVouchedForError from exc
    if _deeper_than(value, JSON_MAX_DEPTH) or encode(value) != raw or _suspicious(raw):
        raise _NotVouchedForError
    return value


def _with_hooks(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(
            text, object_pairs_hook=_unique_names, parse_constant=_no_constant
        )
        if _deeper_than(value, JSON_MAX_DEPTH):
            raise _NotVouchedForError
        canonical = encode(value)
    except (ValueError, RecursionError) as exc:  # a lone surrogate cannot be encoded
        raise _NotVouchedForError from exc
    # An overflow to infinity is written as null, so it does not come back as itself.
    if _suspicious(canonical) or msgspec.json.decode(canonical) != value:
        raise _NotVouchedForError
    return value


def _unique_names(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NotVouchedForError
    return members


def _no_constant(_name: str) -> Never:
    raise _NotVouchedForError


def _suspicious(canonical: bytes) -> bool:
    return b"\\u0000" in canonical or _LONG_DIGITS.search(canonical) is not None


def _deeper_than(value: JsonValue, allowed: int) -> bool:
    if isinstance(value, dict):
        members = list(value.values())
    elif isinstance(value, list):
        members = value
    else:
        return False
    if allowed == 0:
        return True
    return any(
        _deeper_than(member, allowed - 1) for member in members if type(member) in (dict, list)
    )


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise JsonRefusedError(
            "json.encoding", "", f"byte {exc.start} is not UTF-8, expected UTF-8 (RFC 8259 8.1)"
        ) from exc
