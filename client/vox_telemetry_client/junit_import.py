"""JUnit files to the timings of one run: every case of every file, or a refusal and none."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from vox_telemetry_client.errors import InputRefusedError, os_words
from vox_telemetry_client.junit import read_junit
from vox_telemetry_client.junit_case import CaseElement
from vox_telemetry_client.limits import TIMINGS_MAX_FUNCTIONS
from vox_telemetry_client.reading import STANDARD_INPUT
from vox_telemetry_client.suite_timings import SuiteTimings


class JunitTimings:
    """What was read; `untimed` counts the cases without a time, `odd_times` those whose is none."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.timings = SuiteTimings()
        self.untimed = 0
        self.odd_times = 0

    def take(self, element: CaseElement) -> None:
        """Count a case.

        Raises:
            InputRefusedError: there are more functions than are summed up.

        """
        case = element.case()
        self.timings.add(element.place, case)
        self.untimed += element.seconds is None and not element.time_refused
        self.odd_times += element.time_refused
        if len(self.timings) > TIMINGS_MAX_FUNCTIONS:
            raise InputRefusedError(
                f"there are more than {TIMINGS_MAX_FUNCTIONS} test functions, expected those of "
                "one run: record the files one by one; nothing was recorded"
            )


def read_junit_files(names: Sequence[str]) -> JunitTimings:
    """Read these files as one run; "-" is standard input.

    Raises:
        InputRefusedError: one cannot be read or is not JUnit's; the message holds nothing of it.

    """
    found = JunitTimings()
    for name in names:
        _read(name, found.take)
    return found


def _read(name: str, take: Callable[[CaseElement], None]) -> None:
    with _opened(name) as file:
        read_junit(file, "standard input" if name == STANDARD_INPUT else name, take)


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == STANDARD_INPUT:
        if sys.stdin is None:  # closed, as by `<&-`
            raise InputRefusedError(
                "standard input is closed, expected a JUnit file; nothing was recorded"
            )
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 -- closed below; only the opening is guarded
    except OSError as exc:
        raise InputRefusedError(
            f"{name}: cannot be read: {os_words(exc)}; nothing was recorded"
        ) from exc
    with file:
        yield file
