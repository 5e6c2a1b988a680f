"""Lines of JSON, many at a time: what `decode` says of each, where that can be proven. Pure.

A run is decoded as one document, by a reader that is quick and not strict, and written anew in
canonical bytes, which `decode` judges. Then only the spelling is left to be compared:

- A mark stands between the lines, and nothing in them can be read as one. So where the values and
  the marks take turns, each line is one value and no more.
- The lines hold no escape, nor do the canonical bytes, so that each string takes two quotation
  marks. Where there are as many of them in both, no name came twice and went.

A run that does not pass is no fault yet: its lines are then read one by one.
"""

from collections.abc import Sequence

import msgspec

from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.strict_json import JsonValue, decode, encode

_MARK = b'"|"'
_ESCAPE = b"\\"
_QUOTE = b'"'


def decode_run(lines: Sequence[bytes]) -> list[tuple[JsonValue, bytes]] | None:
    """Return the value of each line with its canonical bytes, or None to have them read alone."""
    text = b"\n".join(lines)
    if _ESCAPE in text or _MARK in text:
        return None
    values = _between_marks(lines)
    if values is None:
        return None
    written = [encode(value) for value in values]
    joined = b",".join(written)
    if _ESCAPE in joined or joined.count(_QUOTE) != text.count(_QUOTE):
        return None
    try:
        decode(b"[%b]" % joined)
    except JsonRefusedError:
        return None
    return list(zip(values, written, strict=True))


def _between_marks(lines: Sequence[bytes]) -> list[JsonValue] | None:
    separator = b",%b," % _MARK
    try:
        found: list[JsonValue] = msgspec.json.decode(b"[%b]" % separator.join(lines), type=list)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    marks = [msgspec.json.decode(_MARK)] * (len(lines) - 1)
    return found[::2] if len(found) == 2 * len(lines) - 1 and found[1::2] == marks else None
