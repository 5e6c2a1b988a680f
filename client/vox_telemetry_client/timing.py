"""Time a block or a function, and keep how long it took in the local store: best effort.

Whatever goes wrong with the recording is told once for each kind of trouble, as a warning to the
logger of this module, and does not reach the timed code: a `warnings.warn` would, where warnings
are errors. What the timed code raises goes on as it was.
"""

import inspect
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from time import monotonic, perf_counter_ns
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

from vox_telemetry_client.errors import StoreBusyError, TelemetryError
from vox_telemetry_client.limits import TIMING_BUSY_PAUSE_S
from vox_telemetry_client.recording import record
from vox_telemetry_client.timing_event import BENCHMARK, Detail, Unit, benchmark_row, in_unit
from vox_telemetry_spec.errors import SpecError

P = ParamSpec("P")
R = TypeVar("R")

_LOG = logging.getLogger(__name__)
_told: set[str] = set()
# Until when (monotonic) a store that another process held is left alone: a loop of a thousand
# blocks must not wait a thousand times.
_busy_until_s: dict[Path | None, float] = {}
# Of each thread and each asyncio task its own, so that one timing may be open in many at once.
_open: ContextVar[tuple[tuple["record_timing", int], ...]] = ContextVar("open timings", default=())


class record_timing:  # noqa: N801 -- it is called as a function is: `@record_timing("parse", …)`
    """Time a `with` block or each call of a function, and keep one `benchmark_event` for each.

    A block that raises is recorded too, with `outcome` in the details: `completed`, `failed` (an
    Exception) or `interrupted` (any other, as Ctrl-C and a cancelled task). The exception itself is
    neither recorded nor held back. The clock is monotonic. The row is written when the block ends,
    in the same thread, so also in an event loop: milliseconds as a rule, two seconds at most where
    another process holds the store, which is then left alone for half a minute. Where telemetry is
    switched off nothing is written.

    One object may be entered again before it is left, in other threads and tasks too.
    """

    def __init__(
        self,
        name: str,
        *,
        repository_id: str,
        unit: Unit = "milliseconds",
        details: Mapping[str, Detail] | None = None,
        db: Path | None = None,
    ) -> None:
        """Say how the rows are called; nothing is checked before the first is written.

        Args:
            name: a token, 1 to 128 of `A-Z a-z 0-9 _ . : + -`; the same for every call.
            repository_id: the same without colons; the session id is `bench:<repository_id>`.
            unit: in which the duration is kept.
            details: numbers, booleans and tokens by names of `a-z 0-9 _`, at most 31; `outcome` is
                ours.
            db: the store's file; default as that of `record`.

        """
        self._name = name
        self._repository_id = repository_id
        self._unit = unit
        self._details = details
        self._db = db

    def __enter__(self) -> Self:
        """Start the clock."""
        _open.set((*_open.get(), (self, perf_counter_ns())))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the clock and write the row."""
        ended = perf_counter_ns()
        entered = _open.get()
        for at in reversed(range(len(entered))):
            timing, started = entered[at]
            if timing is self:
                _open.set(entered[:at] + entered[at + 1 :])
                self._keep(ended - started, exc)
                return
        _tell("it was left in another thread or task than it was entered in")

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return a function, or coroutine function, that times each call of this one.

        Raises:
            TypeError: what is decorated is no function whose call does its work.

        """
        _check_callable(function)
        if _is_coroutine_function(function):
            awaited = cast("Callable[P, Any]", function)

            @wraps(function)
            async def timed_coroutine(*args: P.args, **kwargs: P.kwargs) -> object:
                with self:
                    return await awaited(*args, **kwargs)

            return cast("Callable[P, R]", timed_coroutine)

        @wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            with self:
                return function(*args, **kwargs)

        return timed

    def _keep(self, elapsed_ns: int, exc: BaseException | None) -> None:
        try:
            if monotonic() < _busy_until_s.get(self._db, 0.0):
                return
            row = benchmark_row(
                self._name,
                self._repository_id,
                in_unit(elapsed_ns, self._unit),
                self._unit,
                {**(self._details or {}), "outcome": _outcome(exc)},
            )
            record(BENCHMARK, row.session_id, row.value, row.metadata, db=self._db)
        except StoreBusyError as trouble:
            _busy_until_s[self._db] = monotonic() + TIMING_BUSY_PAUSE_S
            _tell(str(trouble), type(trouble).__name__)
        except (TelemetryError, SpecError) as trouble:
            _tell(str(trouble), type(trouble).__name__)
        except Exception as trouble:  # noqa: BLE001 -- an argument of odd type must not stop the program that is timed
            _tell(f"{type(trouble).__name__} was raised")


def _outcome(exc: BaseException | None) -> str:
    if exc is None:
        return "completed"
    return "failed" if isinstance(exc, Exception) else "interrupted"


def _check_callable(function: object) -> None:
    if any(map(_is_generator_function, (function, _call_of(function)))):
        raise TypeError(
            "record_timing cannot time a generator function: its body runs while it is iterated, "
            "not while it is called; put `with record_timing(…):` around the loop"
        )
    unfit = inspect.isclass(function) or isinstance(function, staticmethod)
    if unfit or not callable(function):
        raise TypeError(
            f"record_timing got {type(function).__name__}, expected a function; of a class its "
            "methods can be timed, and a static or class method or a property below that decorator"
        )


def _is_coroutine_function(function: Callable[P, R]) -> bool:
    return any(map(inspect.iscoroutinefunction, (function, _call_of(function))))


def _is_generator_function(function: object) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _call_of(function: object) -> object:
    return getattr(function, "__call__", None)  # noqa: B004 -- it is looked at, not asked for


def _tell(why: str, kind: str | None = None) -> None:
    key = kind or why
    if key not in _told:
        _told.add(key)
        with suppress(Exception):  # a filter or handler of the program's raises what it likes
            _LOG.warning("a timing was not recorded: %s (told once)", why)
