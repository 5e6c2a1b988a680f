"""Guard: a contract of what may be uploaded is closed; it admits no unknown name and no free text.

Keywords that this file does not know are refused: a guard that skips what it does not understand
would call an open contract closed.
"""

import re
from collections.abc import Iterator
from typing import Any

from vox_telemetry_spec.guards.checkout import CONTRACTS, Checkout
from vox_telemetry_spec.guards.errors import GuardError
from vox_telemetry_spec.guards.schemas import json_of
from vox_telemetry_spec.violations import child

USAGE_EVENTS = f"{CONTRACTS}/telemetry/usage-event-"
STRING_MAX_CHARS = 160  # the longest token (128) with a session prefix before it
OPEN_MEASURES_MAX_COUNT = 32
_KNOWN = frozenset(
    (
        "$schema", "$id", "$defs", "$ref", "title", "description", "type", "const", "enum",
        "anyOf", "required", "properties", "additionalProperties", "propertyNames",
        "maxProperties", "pattern", "minimum", "maximum", "items", "minItems", "maxItems",
    )
)  # fmt: skip
# One bounded class of ASCII characters, one character, or the fraction of a second.
_PART = re.compile(
    r"\[(?!\^)[ -Z_-~]+\](?:\{(?:[0-9]+,)?([0-9]+)\}|(?![*+?{]))"
    r"|\\\.\??|\(\\\.\[0-9\]\{1,9\}\)\?|[A-Za-z0-9:_-](?![*+?{])"
)
_FRACTION_CHARS = 10
_FREE_TEXT_CHARS = ' /\\@=\n\u00e9{",('


def closed_contracts(checkout: Checkout) -> Iterator[str]:
    """Yield every place of a usage-event contract that would let more through than it names."""
    for path in checkout.paths(USAGE_EVENTS, ".schema.json"):
        name = path.removeprefix(f"{CONTRACTS}/")
        try:
            schema = json_of(checkout.raw(path), path)
        except GuardError as exc:
            yield str(exc)
            continue
        definitions = schema.get("$defs", {}) if isinstance(schema, dict) else {}
        for pointer, why in _open_places(schema, "", definitions):
            yield f"{name} is open at {pointer or 'the top'}: {why}"
        for key, one in definitions.items():
            for pointer, why in _open_places(one, child("/$defs", key), definitions):
                yield f"{name} is open at {pointer}: {why}"


def pattern_max_chars(pattern: str) -> int | None:
    """Return the most characters that a pattern admits, or None if it is not plainly bounded."""
    if not (pattern.startswith("^") and pattern.endswith("$")):
        return None
    inner, at, size = pattern[1:-1], 0, 0
    while at < len(inner):
        part = _PART.match(inner, at)
        if part is None:
            return None
        at = part.end()
        size += _FRACTION_CHARS if part.group().startswith("(") else int(part.group(1) or 1)
    return size


_Place = tuple[str, str]


def _open_places(schema: Any, at: str, definitions: dict[str, Any]) -> Iterator[_Place]:  # noqa: ANN401 -- any JSON
    if not isinstance(schema, dict):
        yield at, "got no object, expected a schema that names what it admits"
        return
    unknown = sorted(schema.keys() - _KNOWN)
    if unknown:
        yield at, f"keyword '{unknown[0]}' is not one that this guard can judge"
    if "$ref" in schema:
        if schema["$ref"].removeprefix("#/$defs/") not in definitions:
            yield at, "a $ref leaves the file, expected one of its $defs"
    elif "anyOf" in schema:
        for index, one in enumerate(schema["anyOf"]):
            yield from _open_places(one, f"{at}/anyOf/{index}", definitions)
    elif not schema.keys() & {"const", "enum"}:
        yield from _typed(schema, at, definitions)


def _typed(schema: dict[str, Any], at: str, definitions: dict[str, Any]) -> Iterator[_Place]:
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not kinds:
        yield at, "no type, so anything is admitted"
    if "string" in kinds and (why := _free_text(schema.get("pattern", ""))):
        yield at, why
    if "array" in kinds:
        if not isinstance(schema.get("maxItems"), int):
            yield at, "an array without maxItems"
        yield from _open_places(schema.get("items"), f"{at}/items", definitions)
    if "object" in kinds:
        yield from _object(schema, at, definitions)


def _object(schema: dict[str, Any], at: str, definitions: dict[str, Any]) -> Iterator[_Place]:
    for name, one in schema.get("properties", {}).items():
        yield from _open_places(one, child(f"{at}/properties", name), definitions)
    rest = schema.get("additionalProperties", True)
    if rest is False:
        return
    if rest is True:
        yield at, "unknown names are admitted, expected additionalProperties false"
        return
    yield from _open_places(rest, f"{at}/additionalProperties", definitions)
    if why := _free_text(schema.get("propertyNames", {}).get("pattern", "")):
        yield at, f"names of open measures: {why}"
    if not 0 < schema.get("maxProperties", 0) <= OPEN_MEASURES_MAX_COUNT:
        yield at, f"open measures without maxProperties up to {OPEN_MEASURES_MAX_COUNT}"


def _free_text(pattern: str) -> str | None:
    size = pattern_max_chars(pattern)
    if size is None:
        return "a string without a plainly bounded pattern, ^…$ of bounded classes"
    if size > STRING_MAX_CHARS:
        return f"a string of up to {size} characters, expected at most {STRING_MAX_CHARS}"
    # Outside of its classes, a plainly bounded pattern has no other characters than a token's.
    classes = re.findall(r"\[[^\]]+\]", pattern)
    if any(re.search(one, char) for one in classes for char in _FREE_TEXT_CHARS):
        return "a string that admits free text"
    return None
