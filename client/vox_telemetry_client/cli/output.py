"""The only file that prints: JSON or text on standard output, notes on standard error."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO, TypeAlias

import msgspec
import typer

from vox_telemetry_client.errors import (
    OutputError,
    ReaderLeftError,
    os_words,
)

# rich takes longer to import than most commands to run, and a document or a plain line needs none.
if TYPE_CHECKING:
    from rich.console import Console

Document: TypeAlias = "Mapping[str, object]"


def document(found: Document) -> None:
    """Print the one JSON document of a `--json` command, in UTF-8 whatever the locale says."""
    try:
        text = msgspec.json.encode(found)
    except UnicodeEncodeError:
        # A file name may hold bytes that are no UTF-8, and JSON cannot: each is shown as "?".
        loose = json.dumps(msgspec.to_builtins(found), ensure_ascii=False, separators=(",", ":"))
        text = loose.encode(errors="replace")
    raw(text + b"\n")


def raw(payload: bytes) -> None:
    """Print bytes exactly as they are."""
    with _standard_output() as stream:
        stream.buffer.write(payload)
        stream.buffer.flush()


def line(text: str) -> None:
    """Print one line of a command's result."""
    _write(text + "\n")


def note(text: str) -> None:
    """Print one line that is no result: advice, trouble, progress."""
    if sys.stderr is not None:  # closed, as by `2>&-`
        # Where it cannot be written there is nobody to tell.
        with suppress(OSError):
            sys.stderr.write(_writable(text, sys.stderr) + "\n")


def ask(question: str) -> bool | None:
    """Ask the person at the terminal, "no" being the default; None where nobody is there."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return typer.confirm(question, err=True)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under headings, plain where standard output is no terminal."""
    from rich.table import Table  # noqa: PLC0415 -- see above

    shown = Table(*headings, box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*row)
    console = _console()
    if not console.is_terminal:
        console.width = 200  # columns for programs that read it, not for a screen
    with _standard_output():
        console.print(shown)


def finding(state: str, text: str, style: str) -> None:
    """Print one line that begins with a state, which is coloured where a terminal shows colours.

    What shows colours is decided by rich: NO_COLOR and TERM=dumb forbid, FORCE_COLOR asks for them.
    """
    console = _console()
    if not console.is_terminal:
        line(f"{state:4}  {text}")
        return
    from rich.text import Text  # noqa: PLC0415 -- see above

    with _standard_output():
        console.print(Text.assemble((f"{state:4}", style), f"  {text}"), soft_wrap=True)


def stderr_console() -> "Console":
    """Return where progress is shown."""
    return _console(stderr=True)


def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console  # noqa: PLC0415 -- see above

    return Console(stderr=stderr, highlight=False, markup=False)


def _write(text: str) -> None:
    with _standard_output() as stream:
        stream.write(_writable(text, stream))
        stream.flush()


def _writable(text: str, stream: TextIO) -> str:
    """Return `text` with what the stream cannot say escaped, such as a file name of odd bytes."""
    coding = stream.encoding or "utf-8"
    return text.encode(coding, errors="backslashreplace").decode(coding)


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    """Yield standard output, and notice that it is closed, full, or that its reader has gone."""
    if sys.stdout is None:
        raise OutputError("standard output is closed, expected somewhere to write to")
    try:
        yield sys.stdout
    except OSError as exc:
        # Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(exc, BrokenPipeError):
            raise ReaderLeftError("the reader of standard output has gone") from exc
        raise OutputError(f"standard output cannot be written: {os_words(exc)}") from exc
