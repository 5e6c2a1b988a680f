"""What is said of a request in its one line of the log; whoever handles it adds to the note."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final


@dataclass
class RequestNote:
    """The line's event and fields; `status` is 0 until the answer begins."""

    event: str = "request"
    fields: dict[str, object] = field(default_factory=dict)
    status: int = 0


_CURRENT: Final[ContextVar[RequestNote]] = ContextVar("request_note")


@contextmanager
def noting() -> Iterator[RequestNote]:
    """Hold the note of one request for the length of a block."""
    note_of_request = RequestNote()
    token = _CURRENT.set(note_of_request)
    try:
        yield note_of_request
    finally:
        _CURRENT.reset(token)


def note(event: str, **fields: object) -> None:
    """Say what became of the request in hand: what is said later holds."""
    current = _CURRENT.get()
    current.event = event
    current.fields.update(fields)
