"""A strict JSON parser that knows where it is.

Used to say what is wrong with a document, and where. Recursion is bounded by the depth limit, so no
input can exhaust the stack of any Python; time by JSON_PLACED_MAX_CHARS.
"""

import json
import math
import re
from typing import NoReturn

from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.limits import JSON_MAX_DEPTH, JSON_PLACED_MAX_CHARS
from vox_telemetry_spec.violations import child

_SPACE = re.compile(r"[ \t\n\r]++")
# Possessive quantifiers: hostile input costs linear time.
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][+-]?[0-9]++)?")
_LITERAL = re.compile(r"true|false|null")
_NOT_FINITE = re.compile(r"-?(?:NaN|Infinity)")
_LITERALS = {"true": True, "false": False, "null": None}
_INT64_MAX_CHARS = 20
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1

_Value = None | bool | int | float | str | list["_Value"] | dict[str, "_Value"]


class StrictParser:
    """Parses one document held as text."""

    def __init__(self, text: str, known_rule: str | None = None) -> None:
        """Start before the first character of `text`.

        `known_rule` is one that the document is known to break somewhere: only then is no place
        looked for after JSON_PLACED_MAX_CHARS.
        """
        self._text = text
        self._known_rule = known_rule
        self._at = 0

    def document(self) -> _Value:
        """Return the value of the whole text.

        Raises:
            JsonRefusedError: with the first place and rule that it breaks.

        """
        value = self._value("", JSON_MAX_DEPTH)
        self._skip_space()
        if self._at != len(self._text):
            raise JsonRefusedError(
                "json.trailing-data", "", "got more after the document, expected its end"
            )
        return value

    def _value(self, pointer: str, allowed: int) -> _Value:
        if self._known_rule is not None and self._at > JSON_PLACED_MAX_CHARS:
            raise JsonRefusedError(
                self._known_rule,
                "",
                f"after character {JSON_PLACED_MAX_CHARS}, where no place is looked for",
            )
        self._skip_space()
        head = self._text[self._at : self._at + 1]
        if head == '"':
            return self._string(pointer)
        if head in ("{", "[") and head:
            if allowed == 0:
                raise JsonRefusedError(
                    "json.depth", pointer, f"nested deeper than {JSON_MAX_DEPTH} levels"
                )
            return (self._object if head == "{" else self._array)(pointer, allowed - 1)
        if literal := _LITERAL.match(self._text, self._at):
            self._at = literal.end()
            return _LITERALS[literal.group()]
        return self._number(pointer)

    def _object(self, pointer: str, allowed: int) -> dict[str, _Value]:
        members: dict[str, _Value] = {}
        self._at += 1
        if self._next_is("}"):
            return members
        while True:
            self._skip_space()
            name = self._string(pointer)
            place = child(pointer, name)
            if name in members:
                raise JsonRefusedError(
                    "json.duplicate-name", place, "the name occurs twice, expected once"
                )
            self._expect(":", place)
            members[name] = self._value(place, allowed)
            if self._next_is("}"):
                return members
            self._expect(",", pointer)

    def _array(self, pointer: str, allowed: int) -> list[_Value]:
        items: list[_Value] = []
        self._at += 1
        if self._next_is("]"):
            return items
        while True:
            items.append(self._value(child(pointer, len(items)), allowed))
            if self._next_is("]"):
                return items
            self._expect(",", pointer)

    def _string(self, pointer: str) -> str:
        token = _STRING.match(self._text, self._at)
        if token is None:
            self._refuse_syntax(pointer, "expected a string with valid escapes")
        self._at = token.end()
        # The pattern has admitted only RFC 8259 escapes, so the library's reading is the only one.
        value: str = json.loads(token.group())
        if "\x00" in value:
            raise JsonRefusedError("json.nul", pointer, "a string holds U+0000")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as exc:
            raise JsonRefusedError(
                "json.surrogate", pointer, "a string holds half of a surrogate pair"
            ) from exc
        return value

    def _number(self, pointer: str) -> int | float:
        if _NOT_FINITE.match(self._text, self._at):
            raise JsonRefusedError("json.not-finite", pointer, "got NaN or Infinity")
        token = _NUMBER.match(self._text, self._at)
        if token is None:
            self._refuse_syntax(pointer, "expected a JSON value")
        self._at = token.end()
        if token.group(1) or token.group(2):
            number = float(token.group())
            if math.isinf(number):
                raise JsonRefusedError("json.not-finite", pointer, "a number overflows a double")
            return number
        if len(token.group()) > _INT64_MAX_CHARS or not (
            _INT64_MIN <= int(token.group()) <= _INT64_MAX
        ):
            raise JsonRefusedError("json.number-range", pointer, "an integer exceeds 64 bit")
        return int(token.group())

    def _skip_space(self) -> None:
        space = _SPACE.match(self._text, self._at)
        if space is not None:
            self._at = space.end()

    def _next_is(self, mark: str) -> bool:
        self._skip_space()
        if not self._text.startswith(mark, self._at):
            return False
        self._at += 1
        return True

    def _expect(self, mark: str, pointer: str) -> None:
        if not self._next_is(mark):
            self._refuse_syntax(pointer, f"expected '{mark}'")

    def _refuse_syntax(self, pointer: str, expected: str) -> NoReturn:
        end = " (the text ends there)" if self._at >= len(self._text) else ""
        raise JsonRefusedError("json.syntax", pointer, f"{expected} at character {self._at}{end}")
