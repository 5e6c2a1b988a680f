"""The only file that prints: JSON or text on standard output, notes on standard error."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from vox_telemetry_client.errors import ReaderLeftError

Document: TypeAlias = "Mapping[str, object]"


def document(found: Document) -> None:
    """Print the one JSON document of a `--json` command."""
    _write(msgspec.json.encode(found).decode() + "\n")


def raw(payload: bytes) -> None:
    """Print bytes exactly as they are."""
    with _reader():
        sys.stdout.buffer.write(payload)
        sys.stdout.buffer.flush()


def line(text: str) -> None:
    """Print one line of a command's result."""
    _write(text + "\n")


def note(text: str) -> None:
    """Print one line that is no result: advice, trouble, progress."""
    sys.stderr.write(text.encode(errors="backslashreplace").decode() + "\n")


def ask(question: str) -> bool | None:
    """Ask the person at the terminal, "no" being the default; None where nobody is there."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return typer.confirm(question, err=True)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under headings, plain where standard output is no terminal."""
    shown = Table(*headings, box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*row)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 200  # columns for programs that read it, not for a screen
    with _reader():
        console.print(shown)


def stderr_console() -> Console:
    """Return where progress is shown."""
    return Console(stderr=True, highlight=False, markup=False)


def _write(text: str) -> None:
    # A file name may hold bytes that are no UTF-8.
    with _reader():
        sys.stdout.write(text.encode(errors="backslashreplace").decode())
        sys.stdout.flush()


@contextmanager
def _reader() -> Iterator[None]:
    """Notice that the reader of standard output has gone."""
    try:
        yield
    except BrokenPipeError as exc:
        # Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise ReaderLeftError("the reader of standard output has gone") from exc
