"""A progress bar on standard error, where that is a terminal."""

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from vox_telemetry_client.cli import output
from vox_telemetry_client.report import Outcome

_TOLD_FROM_S = 1.0  # a shorter wait is over before it is read


class Progress:
    """Counts batches; away from a terminal it only says when it has to wait."""

    def __init__(self, batches: int) -> None:
        """Count up to `batches`; a split adds to them."""
        console = output.stderr_console()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._bar = Bar(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._task = self._bar.add_task("batches", total=batches)

    def outcome(self, _outcome: Outcome) -> None:
        """Count one batch."""
        self._bar.advance(self._task)

    def wait(self, wait_s: float, reason: str) -> None:
        """Say why nothing happens for a while."""
        if wait_s >= _TOLD_FROM_S:
            self._bar.console.print(f"waiting {wait_s:.0f} s: {reason}")

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        self._bar.stop()
