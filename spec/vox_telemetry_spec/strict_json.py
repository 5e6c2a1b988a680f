"""JSON as wire 5 wants it: one document, one meaning, the same on every Python.

Refused with a pointer: duplicate names (also through escapes), NaN, Infinity and overflow,
integers beyond 64 bit, lone surrogates, U+0000, nesting beyond the limit, trailing data.

Three readers, the quickest first; the last one decides and says where the trouble is.

(1) Canonical bytes (what `encode` writes): decode, encode again, compare. Equal bytes cannot hold a
    duplicate name, an unusual number or a second document. Integers and nesting are bounded by the
    type that is decoded to, as deep as batches go; what nests deeper is bounded level by level.
(2) The standard library with hooks against duplicate names and NaN.
(3) `StrictParser`, with pointers; it sees only what (1) and (2) refuse, and no more of it than
    JSON_PLACED_MAX_CHARS: whoever sends broken megabytes is told a rule, not a place.
"""

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Never, NewType, TypeAlias

import msgspec

from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.limits import JSON_MAX_DEPTH, JSON_PLACED_MAX_CHARS
from vox_telemetry_spec.strict_parser import StrictParser

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = "dict[str, JsonValue]"

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
# As `encode` writes U+0000; after an odd number of backslashes it is a backslash and letters.
_NUL = b"\\u0000"
_REAL_NUL = re.compile(rb"(?<!\\)(?:\\\\)*+\\u0000")
_named_type: Callable[[str, Any], Any] = NewType  # called with what mypy cannot know
# Envelope, events, event, metadata, details and a list in there are six. A level more doubles what
# msgspec builds: eight take 2 ms, sixteen 260 ms.
_TYPED_DEPTH = 8
_WALKED = msgspec.json.Decoder(msgspec.Raw)
_REASONS = {
    "trailing characters": "json.trailing-data",
    "surrogate": "json.surrogate",
    "out of range": "json.not-finite",
}


def encode(value: JsonValue) -> bytes:
    """Return the canonical bytes: UTF-8, no white space, names in the order given."""
    return msgspec.json.encode(value)


def decode(raw: bytes) -> JsonValue:
    """Return the value of one strict JSON document.

    Raises:
        JsonRefusedError: with the first place and rule that it breaks; of a document that breaks
            none within JSON_PLACED_MAX_CHARS, with one rule and no place.

    """
    try:
        return _canonical(raw)
    except _NotVouchedForError as exc:
        rule = exc.rule
    text = _text(raw)
    if rule is None:
        try:
            return _with_hooks(text)
        except _NotVouchedForError as exc:
            rule = exc.rule
    return StrictParser(text, rule).document()


class _NotVouchedForError(Exception):
    """A quick reader does not vouch for a document: it breaks `rule`, or None: look again."""

    def __init__(self, rule: str | None) -> None:
        super().__init__(rule)
        self.rule = rule


def _canonical(raw: bytes) -> JsonValue:
    try:
        if len(raw) > JSON_PLACED_MAX_CHARS:
            # A walk that makes no objects: 11 ms for 4 MiB of brackets, where decoding takes 1 s.
            _WALKED.decode(raw)
        value: JsonValue = _typed_decoder().decode(raw)
    except msgspec.ValidationError:
        value = _deep(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise _NotVouchedForError(_rule_of(exc)) from exc
    if encode(value) != raw or _holds_nul(raw):
        raise _NotVouchedForError(None)
    return value


def _deep(raw: bytes) -> JsonValue:
    """Decode what the type did not admit: it nests deeper than most, or breaks a limit."""
    try:
        value: JsonValue = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise _NotVouchedForError(_rule_of(exc)) from exc
    if rule := _limit_broken(value):
        raise _NotVouchedForError(rule)
    return value


def _rule_of(refusal: Exception) -> str:
    """Return the rule of a document that no JSON reader takes; its reason is in words only."""
    if isinstance(refusal, RecursionError):
        return "json.depth"
    return next((rule for words, rule in _REASONS.items() if words in str(refusal)), "json.syntax")


@cache
def _typed_decoder() -> msgspec.json.Decoder[Any]:
    """Return a decoder that admits integers of 64 bit and _TYPED_DEPTH levels of containers."""
    integer = Annotated[int, msgspec.Meta(ge=_INT64_MIN, le=_INT64_MAX)]
    scalar: Any = None | bool | integer | float | str
    level = scalar
    for depth in range(_TYPED_DEPTH):
        # A name for each level: `typing` compares unnamed ones down to the bottom, every time.
        inner: Any = _named_type(f"_Level{depth}", level)
        level = scalar | list[inner] | dict[str, inner]
    return msgspec.json.Decoder(level)


def _with_hooks(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(
            text, object_pairs_hook=_unique_names, parse_constant=_no_constant
        )
    except json.JSONDecodeError as exc:  # msgspec has taken it
        raise _NotVouchedForError("json.syntax") from exc
    except ValueError as exc:  # more digits of an integer than Python reads
        raise _NotVouchedForError("json.number-range") from exc
    except RecursionError as exc:
        raise _NotVouchedForError("json.depth") from exc
    if rule := _limit_broken(value):
        raise _NotVouchedForError(rule)
    try:
        canonical = encode(value)
    except ValueError as exc:
        raise _NotVouchedForError("json.surrogate") from exc
    if _holds_nul(canonical):
        raise _NotVouchedForError("json.nul")
    # An overflow to infinity is written as null, so it does not come back as itself.
    if msgspec.json.decode(canonical) != value:
        raise _NotVouchedForError("json.not-finite")
    return value


def _holds_nul(canonical: bytes) -> bool:
    return _NUL in canonical and _REAL_NUL.search(canonical) is not None


def _unique_names(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NotVouchedForError("json.duplicate-name")
    return members


def _no_constant(_name: str) -> Never:
    raise _NotVouchedForError("json.not-finite")


def _limit_broken(value: JsonValue) -> str | None:
    """Return which limit of wire 5 integers or nesting break, a level at a time: quick on any."""
    members = [value]
    for _ in range(JSON_MAX_DEPTH + 1):
        integers = [member for member in members if type(member) is int]
        if integers and not _INT64_MIN <= min(integers) <= max(integers) <= _INT64_MAX:
            return "json.number-range"
        inner = [member for member in members if isinstance(member, (dict, list))]
        if not inner:
            return None
        members = [
            member
            for container in inner
            for member in (container.values() if isinstance(container, dict) else container)
        ]
    return "json.depth"


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise JsonRefusedError(
            "json.encoding", "", f"byte {exc.start} is not UTF-8, expected UTF-8 (RFC 8259 8.1)"
        ) from exc
