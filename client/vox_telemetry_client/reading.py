"""Files and standard input to events: a JSON array, one JSON object, or JSON Lines.

An input of at most DOCUMENT_MAX_BYTES is tried as one document first. Longer ones are JSON Lines,
read line by line, so that memory stays bounded. Blank lines are passed over and not counted.
"""

import sys
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from vox_telemetry_client.errors import (
    InputRefusedError,
    os_words,
)
from vox_telemetry_client.limits import DOCUMENT_MAX_BYTES, LINE_MAX_BYTES
from vox_telemetry_client.line_runs import decode_run
from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.limits import BATCH_MAX_EVENTS
from vox_telemetry_spec.strict_json import JsonValue, decode

STANDARD_INPUT = "-"


class NotJsonError(InputRefusedError):
    """A whole document that is not strict JSON; `event` is where its first fault lies."""

    kind = "not-json"

    def __init__(self, name: str, fault: JsonRefusedError) -> None:
        """Take apart the pointer: the first step of an array's pointer is the event."""
        super().__init__(f"{name}: {fault}")
        first, _, rest = fault.pointer.removeprefix("/").partition("/")
        in_array = first.isascii() and first.isdigit()
        self.event = int(first) if in_array else 0
        self.pointer = f"/{rest}" if in_array and rest else "" if in_array else fault.pointer
        self.rule = fault.rule


class ReadEvent(NamedTuple):
    """One event as read: its value, or in JSON Lines the fault of its line (counted from 1).

    `size_bytes` is its share of the input, for telling how far one has come; 0 is not known.
    `canonical` are the value's canonical bytes where reading has made them.
    """

    value: JsonValue
    line: int | None = None
    fault: JsonRefusedError | None = None
    size_bytes: int = 0
    canonical: bytes | None = None


def read_events(name: str) -> Iterator[ReadEvent]:
    """Yield the events of a file, or of standard input for `-`, in their order.

    Raises:
        InputRefusedError: it cannot be read or holds no event.
        NotJsonError: one document, and not strict JSON.

    """
    with _opened(name) as stream:
        events = _events(name, stream)
        first = next(events, None)
        if first is None:
            raise InputRefusedError(f"{name}: holds no events, expected at least one")
        yield first
        yield from events


def _events(name: str, stream: BinaryIO) -> Iterator[ReadEvent]:
    # A byte order mark may be ignored (RFC 8259 section 8.1); some editors and shells write one.
    head = stream.read(DOCUMENT_MAX_BYTES + 1).removeprefix(BOM_UTF8)
    if len(head) > DOCUMENT_MAX_BYTES:
        if head.lstrip().startswith(b"["):
            raise InputRefusedError(
                f"{name}: a JSON array of more than {DOCUMENT_MAX_BYTES} bytes, expected less, "
                "or JSON Lines"
            )
        yield from _lines(name, head, stream)
        return
    if not head.strip():
        return
    try:
        document = decode(head)
    except JsonRefusedError as fault:
        if not _looks_like_lines(head):
            raise NotJsonError(name, fault) from fault
        yield from _lines(name, head, stream)
        return
    values = document if isinstance(document, list) else [document]
    for value in values:
        yield ReadEvent(value, size_bytes=len(head) // len(values))


def _looks_like_lines(head: bytes) -> bool:
    """Tell JSON Lines from one broken document: more than one line, and the first is an object."""
    first, _, rest = head.strip().partition(b"\n")
    return first.startswith(b"{") and first.rstrip().endswith(b"}") and bool(rest.strip())


def _lines(name: str, head: bytes, stream: BinaryIO) -> Iterator[ReadEvent]:
    run: dict[int, bytes] = {}  # by number
    run_bytes = 0
    for number, line in enumerate(_split(head, stream), 1):
        if len(line) > LINE_MAX_BYTES:
            yield from _read_run(run)
            raise InputRefusedError(
                f"{name}: line {number} is longer than {LINE_MAX_BYTES} bytes, "
                "expected one event a line"
            )
        if line.isspace() or not line:
            continue
        run[number] = line
        run_bytes += len(line)
        if len(run) == BATCH_MAX_EVENTS or run_bytes >= LINE_MAX_BYTES:
            yield from _read_run(run)
            run, run_bytes = {}, 0
    yield from _read_run(run)


def _read_run(run: Mapping[int, bytes]) -> Iterator[ReadEvent]:
    """Yield the events of some lines: quickly, or with the fault of each line that has one."""
    lines = [line.strip() for line in run.values()]
    decoded = decode_run(lines) if lines else []
    if decoded is not None:
        for (number, line), (value, canonical) in zip(run.items(), decoded, strict=True):
            yield ReadEvent(value, number, None, len(line) + 1, canonical)
        return
    for (number, line), stripped in zip(run.items(), lines, strict=True):
        try:
            yield ReadEvent(decode(stripped), number, size_bytes=len(line) + 1)
        except JsonRefusedError as fault:
            yield ReadEvent(None, number, fault, size_bytes=len(line) + 1)


def _split(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of what was read and of what follows, each at most one byte too long."""
    begun, end, tail = head.rpartition(b"\n")
    if end:
        yield from begun.split(b"\n")
    while tail := tail + stream.readline(LINE_MAX_BYTES + 1):
        yield tail[: LINE_MAX_BYTES + 1]
        tail = b""


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == STANDARD_INPUT and sys.stdin is None:
        raise InputRefusedError(f"{name}: standard input is closed, expected events")
    try:
        if name == STANDARD_INPUT:
            yield sys.stdin.buffer
            return
        with Path(name).open("rb") as stream:
            yield stream
    except OSError as exc:
        raise InputRefusedError(f"{name}: {_reason(exc)}") from exc


def _reason(exc: OSError) -> str:
    if isinstance(exc, FileNotFoundError):
        return "no such file, expected a file of events"
    if isinstance(exc, IsADirectoryError):
        return "is a folder, expected a file of events"
    if isinstance(exc, PermissionError):
        return "no permission to read it"
    return f"cannot be read: {os_words(exc)}"
