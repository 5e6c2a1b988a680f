"""The texts that a string holds in another form: percent, entities, escapes, base64, hex, JSON.

A form is tried only where its shape invites it, and its result counts only if it reads as text:
a digest decodes to bytes, a hidden path to letters.
"""

import binascii
import html
import json
import re
import sys
from collections.abc import Iterator
from urllib.parse import unquote

_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ENTITY = re.compile(r"&#?[0-9A-Za-z]{2,8};")
_ESCAPE = re.compile(r"\\(?:u\{?([0-9A-Fa-f]{2,6})\}?|x([0-9A-Fa-f]{2})|(/))")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{6,}")
_BASE64_PIECE = re.compile(r"[A-Za-z0-9]{6,}")
# Words are not base64: each is a hump of two letters or more, digits end it.
_PLAIN_WORDS = re.compile(
    r"(?:(?:(?:[A-Z]{0,5}+[a-z]{2,}+)++(?:[A-Z]{2,3})?+|[A-Z]++|[a-z])?[0-9]{0,5}+(?:[/_+-]++|$))++"
)
_HEX = re.compile(r"(?:0x)?[0-9A-Fa-f]{2}(?:[:._-]?[0-9A-Fa-f]{2}){3,}")
_HEX_NOISE = re.compile(r"0x|[:._-]")
_ASCII_TEXT = re.compile(r"[ -~]+")
_ANY_TEXT = re.compile(r"[\t\n\r -~\u00a1-\uffff]+")
_BRACKETS_MAX_COUNT = 256  # far more than a token holds, far less than any parser's stack
_TEXT_MIN_CHARS = 4  # "/tmp" and "C:\\x" are the shortest paths worth hiding
_ANY_TEXT_MIN_CHARS = 16  # by chance, identifiers decode to short runs of odd letters
_SHIFTED_TEXT = re.compile(rb"[ -~]{8,}")
_SHIFTED_TEXT_MIN_SHARE = 0.75


def decoded_texts(text: str) -> Iterator[str]:
    """Yield the texts hidden in a normalised text, one step of decoding deep; some repeat."""
    if _PERCENT.search(text):
        yield unquote(text, errors="replace")
    if _ENTITY.search(text):
        yield html.unescape(text)
    if "\\" in text and _ESCAPE.search(text):
        yield _ESCAPE.sub(_escaped, text)
    yield from _from_hex(text)
    yield from _from_base64(text)


def json_parts(text: str) -> tuple[list[str], list[str]]:
    """Return all names and all strings of a text that is a JSON document; else two empty lists.

    Raises:
        RecursionError: the document may be nested too deeply to be read.

    """
    names: list[str] = []
    if text.lstrip()[:1] not in {"{", "[", '"'}:
        return names, []
    # Python's own limit differs between its versions, and both ends must judge alike.
    if text.count("[") + text.count("{") > _BRACKETS_MAX_COUNT:
        raise RecursionError("a text with too many brackets")
    try:
        values = [json.loads(text)]
    except ValueError:
        return names, []
    for value in values:  # grows while it is read
        if isinstance(value, dict):
            names.extend(value)
            values.extend(value.values())
        elif isinstance(value, list):
            values.extend(value)
    return names, [value for value in values if isinstance(value, str)]


def _escaped(match: re.Match[str]) -> str:
    digits = match.group(1) or match.group(2)
    if digits is None:
        return "/"
    code = int(digits, 16)
    return chr(code) if code <= sys.maxunicode else match.group()


def _from_hex(text: str) -> Iterator[str]:
    for match in _HEX.finditer(text):
        digits = _HEX_NOISE.sub("", match.group())
        for start in (0, 1):  # one stray digit before it shifts every pair
            even = digits[start : start + (len(digits) - start) // 2 * 2]
            yield from _readable(bytes.fromhex(even))


def _from_base64(text: str) -> Iterator[str]:
    for run in _BASE64.findall(text):
        if _PLAIN_WORDS.fullmatch(run):
            continue
        yield from _decode_base64(run)
        for start in (1, 2, 3):  # what stands before it may shift every group of four
            yield from _long_readable(_base64_bytes(run[start:]))
        yield from (
            inner
            for piece in _BASE64_PIECE.findall(run)
            if piece != run
            for inner in _decode_base64(piece)
        )


def _decode_base64(run: str) -> Iterator[str]:
    decoded = _base64_bytes(run)
    yield from _readable(decoded)
    yield from _long_readable(decoded)


def _base64_bytes(run: str) -> bytes:
    """Return the bytes of a run of either alphabet; an odd last character says nothing."""
    plain = run.replace("-", "+").replace("_", "/")
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        return b""


def _readable(decoded: bytes) -> Iterator[str]:
    """Yield the text, if every byte belongs to one; UTF-16 is what PowerShell encodes."""
    if decoded[1::2].count(0) == len(decoded) // 2:
        decoded = decoded[::2]
    try:
        text = decoded.decode("utf-8")
    except UnicodeDecodeError:
        return
    readable = _ASCII_TEXT if len(text) < _ANY_TEXT_MIN_CHARS else _ANY_TEXT
    if len(text) >= _TEXT_MIN_CHARS and readable.fullmatch(text):
        yield text


def _long_readable(decoded: bytes) -> Iterator[str]:
    """Yield a text that fills most of the bytes; the rest is what stood beside it."""
    for text in _SHIFTED_TEXT.findall(decoded):
        if len(text) >= _SHIFTED_TEXT_MIN_SHARE * len(decoded):
            yield text.decode("ascii")
