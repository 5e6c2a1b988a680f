"""The bytes of a batch as text, cut where its events begin and end. Pure.

The text is the file, byte by byte, wherever it is printable UTF-8, which every approved batch is.
Of other bytes it says so, and spells them out.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from vox_telemetry_client.disclosure.visible import visible

_EVENTS = b',"events":['


class _Body(msgspec.Struct):
    events: list[msgspec.Raw]


@dataclass(frozen=True)
class Piece:
    """A stretch of the text; `event` is the number of the event that it is, or None."""

    text: str
    event: int | None = None


@dataclass(frozen=True)
class Shown:
    """All pieces together are the file's text; `is_exact` unless something had to be spelt out."""

    pieces: list[Piece]
    is_exact: bool


def events_of(payload: bytes) -> list[bytes] | None:
    """Return the bytes of each event, None where the payload is not as `envelope.compose` writes.

    Such bytes were never approved, and where their events lie is not ours to guess.
    """
    head, found, _ = payload.partition(_EVENTS)
    try:
        events = [bytes(raw) for raw in msgspec.json.decode(payload, type=_Body).events]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    composed = head + found + b",".join(events) + b"]}"
    return events if composed == payload else None


def show(payload: bytes, events: Sequence[bytes] | None, marked: Collection[int]) -> Shown:
    """Return the payload as text, with a piece of its own for each of the marked events."""
    pieces = [
        Piece(visible(part.decode("utf-8", "backslashreplace")), event)
        for part, event in _parts(payload, events, marked)
    ]
    text = "".join(piece.text for piece in pieces)
    return Shown(pieces, text.encode(errors="replace") == payload)


def _parts(
    payload: bytes, events: Sequence[bytes] | None, marked: Collection[int]
) -> Iterator[tuple[bytes, int | None]]:
    at = done = 0
    if events:
        at = payload.index(_EVENTS) + len(_EVENTS)
        for number, event in enumerate(events):
            if number in marked:
                yield payload[done:at], None
                yield event, number
                done = at + len(event)
            at += len(event) + 1  # the comma
    yield payload[done:], None
