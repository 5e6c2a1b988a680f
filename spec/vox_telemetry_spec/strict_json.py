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
from typing import Never, TypeAlias

import msgspec

from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.limits import JSON_MAX_DEPTH
from vox_telemetry_spec.strict_parser import StrictParser

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = "dict[str, JsonValue]"

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_NUL = b"\\u0000"  # as `encode` writes it; an escaped backslash before u0000 looks alike


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
    if _NUL in raw or not _within_limits(value) or encode(value) != raw:
        raise _NotVouchedForError
    return value


def _with_hooks(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(
            text, object_pairs_hook=_unique_names, parse_constant=_no_constant
        )
        if not _within_limits(value):
            raise _NotVouchedForError
        canonical = encode(value)
    except (ValueError, RecursionError) as exc:  # a lone surrogate cannot be encoded
        raise _NotVouchedForError from exc
    # An overflow to infinity is written as null, so it does not come back as itself.
    if _NUL in canonical or msgspec.json.decode(canonical) != value:
        raise _NotVouchedForError
    return value


def _unique_names(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NotVouchedForError
    return members


def _no_constant(_name: str) -> Never:
    raise _NotVouchedForError


def _within_limits(value: JsonValue) -> bool:
    """Tell whether nesting and integers are as wire 5 allows, a level at a time: quick on any."""
    members = [value]
    for _ in range(JSON_MAX_DEPTH + 1):
        integers = [member for member in members if type(member) is int]
        if integers and not _INT64_MIN <= min(integers) <= max(integers) <= _INT64_MAX:
            return False
        inner = [member for member in members if isinstance(member, (dict, list))]
        if not inner:
            return True
        members = [
            member
            for container in inner
            for member in (container.values() if isinstance(container, dict) else container)
        ]
    return False


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise JsonRefusedError(
            "json.encoding", "", f"byte {exc.start} is not UTF-8, expected UTF-8 (RFC 8259 8.1)"
        ) from exc
