"""Where a text stands in a JSON document: the places are named, never what stands there. Pure."""

import json
from collections.abc import Iterator

from vox_telemetry_spec.violations import child


def places_of(text: str, value: object, pointer: str = "") -> Iterator[str]:
    """Yield the JSON pointers of strings, numbers and names that hold `text`, in any case.

    A name that is no name of a contract is shown as `*`: it may be the text itself.
    """
    if isinstance(value, dict):
        for name, member in value.items():
            here = child(pointer, name)
            if _holds(name, text):
                yield f"the name at {here}"
            yield from places_of(text, member, here)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from places_of(text, item, child(pointer, at))
    elif _holds(value if isinstance(value, str) else json.dumps(value), text):
        yield pointer or "the whole"


def _holds(found: str, text: str) -> bool:
    return text.casefold() in found.casefold()
