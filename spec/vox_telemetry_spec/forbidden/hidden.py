r"""Patterns that find every token that `decode` could read as a text, and few others.

A pattern here may find too much, since what is found is decoded and looked at, but never too
little. Tokens have no percent sign, entity, backslash or bracket, so base64 and hex are left.

Base64 writes three bytes as four characters of six bits. Which bytes a character can lead to is
decided by its own bits, so a class of characters is computed from a class of bytes. The names below
say what a pattern stands for: `_PRINTABLE` is three printable bytes, `_TEXT` three that can follow
each other in UTF-8. `decode` decides what is readable: all bytes of a run, either printable ASCII
or at least 16 characters of any text; every second byte, where the others are zero; or at least
eight printable bytes anywhere in it.
"""

from collections.abc import Callable, Collection
from string import ascii_lowercase, ascii_uppercase, digits

_ByteTest = Callable[[int], bool]

_ALPHABET = [*ascii_uppercase, *ascii_lowercase, *digits, r"+\-", "/_"]
_ANY = r"[A-Za-z0-9+/_\-]"
# A run of letters and digits starts and ends here; a longer run with `+/_-` inside does so too.
_START, _END = "(?:^|[^A-Za-z0-9])", "(?:$|[^A-Za-z0-9])"


def _class(fits: Callable[[int], bool]) -> str:
    return "[" + "".join(_ALPHABET[bits] for bits in range(64) if fits(bits)) + "]"


def _first(test: _ByteTest) -> str:
    """Return the characters whose six bits can begin such a byte."""
    return _class(lambda bits: any(test(bits << 2 | rest) for rest in range(4)))


def _second(test: _ByteTest) -> str:
    """Return the characters whose last four bits can begin such a byte."""
    return _class(lambda bits: any(test((bits & 15) << 4 | rest) for rest in range(16)))


def _third(test: _ByteTest) -> str:
    """Return the pairs of characters whose last eight bits are such a byte."""
    pairs = []
    for high in range(4):
        low = [bits for bits in range(64) if test(high << 6 | bits)]
        if low:
            first = [bits for bits in range(64) if bits & 3 == high]
            pairs.append(_class(first.__contains__) + _class(low.__contains__))
    return f"(?:{'|'.join(pairs)})"


def _printable(byte: int) -> bool:
    return byte in range(0x20, 0x7F)


def _zero(byte: int) -> bool:
    return byte == 0


# The bytes of UTF-8 up to U+FFFF by what may follow them; control characters but three are no text.
_TEXT_BYTES: dict[str, _ByteTest] = {
    "alone": lambda byte: byte in b"\t\n\r" or _printable(byte),
    "leading": range(0xC2, 0xF0).__contains__,
    "following": range(0x80, 0xC0).__contains__,
}
_MAY_FOLLOW: dict[str, Collection[str]] = {
    "alone": ("alone", "leading"),
    "leading": ("following",),
    "following": ("alone", "leading", "following"),
}
_TEXT = "|".join(
    _first(_TEXT_BYTES[one]) + _second(_TEXT_BYTES[two]) + _third(_TEXT_BYTES[three])
    for one, twos in _MAY_FOLLOW.items()
    for two in twos
    for three in _MAY_FOLLOW[two]
)
_PRINTABLE = _first(_printable) + _second(_printable) + _third(_printable)
_PRINTABLE_1 = _first(_printable) + _ANY
_PRINTABLE_2 = _first(_printable) + _second(_printable) + _ANY

# Four bytes are six characters; one character too many says nothing and is dropped.
BASE64_WHOLE = [
    f"{_START}(?:{_PRINTABLE})+(?:{_PRINTABLE_1}|{_PRINTABLE_2}){_END}",
    f"{_START}(?:{_PRINTABLE}){{2,}}{_ANY}?{_END}",
    f"{_START}(?:{_TEXT}){{5}}",
    f"{_START}{_ANY}{_second(_zero)}[A-D]{_ANY}A[A-P]{_third(_zero)}",
]
# Eight bytes from the first, the second or the third of a group on.
BASE64_INSIDE = [
    f"{_PRINTABLE}{_PRINTABLE}{_PRINTABLE_2}",
    f"{_third(_printable)}{_PRINTABLE}{_PRINTABLE}{_PRINTABLE_1}",
    f"{_second(_printable)}{_third(_printable)}{_PRINTABLE}{_PRINTABLE}",
]

_DIGIT = "[0-9A-Fa-f]"
_MARK = r"[:._\-]?"  # may stand between two pairs of digits
# A pair may begin one digit late, and its run one more: `decode` tries both.
_HEX_START = rf"(?:^|[^0-9A-Fa-f]){_DIGIT}{{0,2}}"
# One digit that is dropped, one that is left over, and no pair to go on with; what stands behind a
# mark cannot be reached past a digit that is left over.
_HEX_END = (
    rf"(?:{_DIGIT}{{0,2}}(?:$|[^0-9A-Fa-f:._\-]|"
    rf"[:._\-](?:$|[^0-9A-Fa-f]|{_DIGIT}(?:$|[^0-9A-Fa-f])))|{_DIGIT}{{1,2}}[:._\-])"
)
_HEX_PRINTABLE = f"[2-7]{_MARK}{_DIGIT}{_MARK}"
_HEX_FOLLOWING = f"[89ABab]{_MARK}{_DIGIT}{_MARK}"
_HEX_TEXT = (
    f"(?:{_HEX_PRINTABLE}|0{_MARK}[9ADad]{_MARK}|"
    f"(?:[Cc]{_MARK}[2-9A-Fa-f]|[Dd]{_MARK}{_DIGIT}){_MARK}{_HEX_FOLLOWING}|"
    f"[Ee]{_MARK}{_DIGIT}{_MARK}{_HEX_FOLLOWING}{_HEX_FOLLOWING})"
)
_HEX_ZERO = f"0{_MARK}0{_MARK}"
_HEX_NOT_ZERO = f"(?:[1-9A-Fa-f]{_MARK}{_DIGIT}|0{_MARK}[1-9A-Fa-f]){_MARK}"
HEX = [
    f"{_HEX_START}(?:{_HEX_PRINTABLE}){{4,}}{_HEX_END}",
    f"{_HEX_START}{_HEX_TEXT}{{16}}",
    f"{_HEX_ZERO}{_HEX_NOT_ZERO}{_HEX_ZERO}{_HEX_NOT_ZERO}{_HEX_ZERO}",
]
