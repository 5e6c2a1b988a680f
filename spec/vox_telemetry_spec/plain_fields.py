"""The structured fields (RFC 9651) that real uploads carry, without a general parser. Pure.

A signature's fields are one member each, made of strings without escapes, short integers and bytes.
Reading and writing them through a parser of the whole RFC cost as much as the Ed25519 around it.
None always means "not that plain", never "refused": the caller asks the general parser then, and a
property test holds the two against each other.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

Params: TypeAlias = "dict[str, object]"
Component: TypeAlias = "tuple[object, Params]"

_KEY: Final = r"[a-z*][a-z0-9_.*-]*"  # RFC 9651 section 3.1.2
_TEXT: Final = r"[ !#-\[\]-~]*"  # section 3.3.3 without a quotation mark and a backslash
_DIGITS: Final = r"-?[0-9]{1,15}"  # section 3.3.1
_INTEGER_MAX: Final = 999_999_999_999_999

_KEY_ALONE: Final = re.compile(_KEY)
_TEXT_ALONE: Final = re.compile(_TEXT)
_STRING: Final = re.compile(f'"({_TEXT})"')
_BYTES: Final = re.compile(f"({_KEY})=:([A-Za-z0-9+/]*={{0,2}}):")
_PARAM: Final = re.compile(f';({_KEY})=(?:({_DIGITS})|"({_TEXT})")')
_LIST: Final = re.compile(
    f'({_KEY})=\\(("{_TEXT}"(?: "{_TEXT}")*)\\)((?:;{_KEY}=(?:{_DIGITS}|"{_TEXT}"))*)'
)


class PlainMember(NamedTuple):
    """The one member of a dictionary: bytes without parameters, or a list of strings with some."""

    label: str
    value: bytes | list[Component]
    params: Params


def read_plain_member(header: str) -> PlainMember | None:
    """Return what a dictionary of one plain member says, or None where it is not that plain."""
    if found := _BYTES.fullmatch(header):
        raw = _decoded(found[2])
        return None if raw is None else PlainMember(found[1], raw, {})
    found = _LIST.fullmatch(header)
    if found is None:
        return None
    label, names, rest = found.groups()
    pairs = _PARAM.findall(rest)
    params: Params = {key: int(digits) if digits else text for key, digits, text in pairs}
    if len(params) != len(pairs):  # one comes twice: not ours to judge
        return None
    return PlainMember(label, [(name, {}) for name in _STRING.findall(names)], params)


def read_plain_string(header: str) -> str | None:
    """Return the text of a string without escapes and parameters, or None."""
    found = _STRING.fullmatch(header)
    return None if found is None else found[1]


def plain_bytes(raw: bytes) -> str:
    """Return a byte sequence item (section 4.1.8)."""
    return f":{base64.b64encode(raw).decode()}:"


def plain_item(value: object, params: Params) -> str | None:
    """Return an item with its parameters (section 4.1.3), or None for what is not plain."""
    text, end = _bare(value), _parameters(params) if params else ""
    return None if text is None or end is None else text + end


def plain_inner_list(components: Sequence[Component], params: Params) -> str | None:
    """Return an inner list with parameters (section 4.1.1.1), or None for what is not plain."""
    items = [plain_item(name, its) for name, its in components]
    end = _parameters(params)
    if end is None or None in items:
        return None
    return f"({' '.join(map(str, items))}){end}"


def _parameters(params: Params) -> str | None:
    written = ""
    for key, value in params.items():
        text = "" if value is True else _bare(value)
        if text is None or _KEY_ALONE.fullmatch(key) is None:
            return None
        written += f";{key}={text}" if text else f";{key}"
    return written


def _bare(value: object) -> str | None:
    """Write a string or an integer; a token is a string too, but of another type."""
    if type(value) is str:
        return f'"{value}"' if _TEXT_ALONE.fullmatch(value) else None
    if type(value) is int:
        return str(value) if abs(value) <= _INTEGER_MAX else None
    return None


def _decoded(text: str) -> bytes | None:
    """Decode base64 in its one canonical form."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return raw if base64.b64encode(raw).decode() == text else None
