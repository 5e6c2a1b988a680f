"""Structured fields (RFC 9651) as the wire profile uses them; the only file that imports http_sf.

What every upload carries is written and read by `plain_fields`; whatever that does not vouch for is
http_sf's, which knows the whole of the RFC.

A member's value is `(item, params)`; a signature's components are an item that is a list of such
pairs. Callers look at types before they use a value, since a sender decides what is in there.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import http_sf

from vox_telemetry_spec.errors import FieldRefusedError
from vox_telemetry_spec.plain_fields import (
    Component,
    Params,
    plain_bytes,
    plain_inner_list,
    plain_item,
    read_plain_member,
    read_plain_string,
)

if TYPE_CHECKING:
    from http_sf.types import DictionaryType


def parse_dictionary(name: str, header: str) -> dict[str, tuple[object, Params]]:
    """Return the members of a dictionary header.

    Raises:
        FieldRefusedError: not a dictionary, or a label or parameter twice: RFC 9651 would keep the
            last, and two readers that differ on this would verify different things.

    """
    plain = read_plain_member(header)
    if plain is not None:
        return {plain.label: (plain.value, plain.params)}
    repeated: list[str] = []
    try:
        members = http_sf.parse(
            header.encode("ascii"),
            tltype="dictionary",
            on_duplicate_key=lambda key, _: repeated.append(key),
        )
    except (http_sf.StructuredFieldError, UnicodeEncodeError) as exc:
        raise FieldRefusedError(f"{name} is no dictionary of RFC 9651, expected one") from exc
    if repeated:
        raise FieldRefusedError(f"{name} repeats a label or parameter, expected each once")
    return cast("dict[str, tuple[object, Params]]", members)


def parse_string(name: str, header: str) -> str:
    """Return the value of a header that is one string without parameters.

    Raises:
        FieldRefusedError: anything else.

    """
    plain = read_plain_string(header)
    if plain is not None:
        return plain
    try:
        item = http_sf.parse(header.encode("ascii"), tltype="item")
    except (http_sf.StructuredFieldError, UnicodeEncodeError) as exc:
        raise FieldRefusedError(f'{name} is no string of RFC 9651, expected "…"') from exc
    value, params = cast("tuple[object, Params]", item)
    if type(value) is not str or params:
        raise FieldRefusedError(f'{name} is no plain string of RFC 9651, expected "…"')
    return value


def serialise_string(text: str) -> str:
    """Return a string item."""
    return http_sf.ser(text)


def serialise_bytes(raw: bytes) -> str:
    """Return a byte sequence item, `:BASE64:`."""
    return plain_bytes(raw)


def serialise_component(name: str, params: Params) -> str:
    """Return a component's identifier, `"name"` with its parameters (RFC 9421 section 2).

    Raises:
        FieldRefusedError: a parameter that no structured field can hold.

    """
    return plain_item(name, params) or serialise_inner_list([(name, params)], {})[1:-1]


def serialise_inner_list(components: Sequence[Component], params: Params) -> str:
    """Return an inner list with parameters (RFC 9651 section 4.1.1.1).

    Raises:
        FieldRefusedError: a value that no structured field can hold.

    """
    plain = plain_inner_list(components, params)
    if plain is not None:
        return plain
    label = "x"
    dictionary = cast("DictionaryType", {label: (list(components), params)})
    try:
        text = http_sf.ser(dictionary)
    except (http_sf.StructuredFieldError, ValueError) as exc:
        raise FieldRefusedError("a component or parameter cannot be written (RFC 9651)") from exc
    return text[len(label) + 1 :]
