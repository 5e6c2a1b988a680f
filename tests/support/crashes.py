"""Kill the client at every step of a command, one after the other (`crash_driver`)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

KILLED = -9


@dataclass(frozen=True)
class Ended:
    """How one run ended, and the names of the steps that it began."""

    code: int
    steps: list[str]


@dataclass(frozen=True)
class Death:
    """Where a run is killed: before the step `number`, or in the middle of it when `torn`."""

    number: int
    step: str
    torn: bool = False

    def __str__(self) -> str:
        return f"{self.number}{'-torn' * self.torn}"


def deaths(steps: list[str]) -> Iterator[Death]:
    """Give every death of a run that began these steps; a write can be torn as well."""
    for number, step in enumerate(steps):
        yield Death(number, step)
        if step.startswith(("write ", "fsync tmp/")):
            yield Death(number, step, torn=True)


class Client:
    """A client whose every run is watched; get one from `watched_client`."""

    def __init__(self, stdin: IO[str], stdout: IO[str]) -> None:
        self._stdin = stdin
        self._stdout = stdout

    def run(
        self,
        *args: str | Path,
        spool: Path,
        env: Mapping[str, str],
        death: Death | None = None,
    ) -> Ended:
        """Run a command to its end or its death."""
        order = {
            "args": [str(one) for one in args],
            "root": str(spool),
            "env": dict(env) | {"VOX_TELEMETRY_SPOOL_DIR": str(spool)},
            "kill_at": death and death.number,
            "torn": death is not None and death.torn,
        }
        self._stdin.write(json.dumps(order) + "\n")
        self._stdin.flush()
        return Ended(**json.loads(self._stdout.readline()))


def unmeasured(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out what has a process measured: killed ones tell nothing, and it doubles their time."""
    return {name: value for name, value in environ.items() if not name.startswith("COVERAGE_")}


@contextmanager
def watched_client(env: Mapping[str, str]) -> Iterator[Client]:
    """Start the process that the runs are forked from; it ends with the block."""
    driver = Path(__file__).with_name("crash_driver.py")
    process = subprocess.Popen(
        [sys.executable, driver],
        env=unmeasured(os.environ) | dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Client(process.stdin, process.stdout)
