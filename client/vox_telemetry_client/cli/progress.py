"""Progress bars on standard error, where that is a terminal."""

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from vox_telemetry_client.cli import output
from vox_telemetry_client.limits import PROGRESS_FROM_BYTES
from vox_telemetry_client.report import Outcome

_TOLD_FROM_S = 1.0  # a shorter wait is over before it is read


class Progress:
    """Counts batches; away from a terminal it only says when it has to wait."""

    def __init__(self, batches: Callable[[], int]) -> None:
        """Count up to `batches`, which is asked where the bar is shown; a split adds to them."""
        from rich import progress as bars  # noqa: PLC0415 -- slow: only what shows a bar pays

        console = output.stderr_console()
        self._bar = bars.Progress(
            bars.TextColumn("{task.description}"),
            bars.BarColumn(),
            bars.MofNCompleteColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("batches", total=0 if self._bar.disable else batches())

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


class EventsProgress:
    """Counts events that are checked; over files their bytes tell how far one has come."""

    def __init__(self, total_bytes: int | None, *, shown: bool) -> None:
        """Count up to `total_bytes`; None where that is not known, as of standard input."""
        from rich import progress as bars  # noqa: PLC0415 -- as above

        console = output.stderr_console()
        large = total_bytes is None or total_bytes >= PROGRESS_FROM_BYTES
        self._bar = bars.Progress(
            bars.TextColumn("checking"),
            bars.BarColumn(),
            bars.TaskProgressColumn(),
            bars.TextColumn("{task.fields[events]} events"),
            console=console,
            disable=not (shown and large and console.is_terminal),
            transient=True,
        )
        self._task = self._bar.add_task("events", total=total_bytes, events=0)
        self._events = 0

    @classmethod
    def of_files(cls, names: Iterable[str], *, shown: bool) -> Self:
        """Return the progress over these files; one without a size makes the whole unknown."""
        try:
            sizes = [Path(name).stat().st_size for name in names]
        except OSError:
            sizes = [0]
        return cls(sum(sizes) if all(sizes) else None, shown=shown)

    def run(self, events: int, size_bytes: int) -> None:
        """Count so many events more."""
        self._events += events
        self._bar.update(self._task, advance=size_bytes, events=self._events)

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
