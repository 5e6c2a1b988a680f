"""`vox-telemetry view`: a page on loopback that shows everything and changes nothing."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Annotated

import typer

from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.settings import has_display, settings, spool_to_read

# Windows hears of Ctrl-C between two waits; elsewhere a signal ends the wait.
_WAIT_S = 0.5

Port = Annotated[
    int | None,
    typer.Option(min=1_024, max=65_535, help="Listen on this port of 127.0.0.1; default: any."),
]
NoOpen = Annotated[bool, typer.Option("--no-open", help="Start no browser, print the address.")]


def view(*, port: Port = None, no_open: NoOpen = False, as_json: AsJson = False) -> None:
    """Show what is recorded, pending, set aside and sent, in a browser; changes nothing."""
    config = settings()
    spool_to_read(config)  # one that others can change is told here, not in the browser
    # What makes pages takes longer to import than other commands to run.
    from vox_telemetry_client.disclosure.serving import serving  # noqa: PLC0415 -- see above

    with _ended_by_signal() as wait, serving(config, port) as address:
        if as_json:
            output.document({"url": address, "spool": str(config.spool)})
        else:
            output.line(address)
            output.note("good for one browser; Ctrl-C ends it, and nothing has been sent")
            if not no_open:
                # Some browsers are waited for until they end; Ctrl-C and SIGTERM must not wait.
                Thread(target=_open, args=(address,), daemon=True).start()
        wait()


def _open(address: str) -> None:
    # Where there is no screen, `webbrowser` would start one in the terminal, over this program.
    if not (sys.stdout.isatty() and has_display()):
        return
    import webbrowser  # noqa: PLC0415 -- see above

    if not webbrowser.open(address):
        output.note("no browser could be started: open the address yourself")


@contextmanager
def _ended_by_signal() -> Iterator[Callable[[], None]]:
    """Yield what waits for Ctrl-C or SIGTERM; a second one has its usual effect."""
    ended = Event()

    def note(_number: int, _frame: object) -> None:
        ended.set()
        give_back()

    def give_back() -> None:
        for one, handler in before.items():
            signal.signal(one, handler)

    def wait() -> None:
        while not ended.wait(_WAIT_S):
            pass

    ends = (signal.SIGINT, signal.SIGTERM)
    before = {one: signal.getsignal(one) for one in ends}  # whole before the first may come
    try:
        for one in ends:
            signal.signal(one, note)
        yield wait
    finally:
        give_back()
