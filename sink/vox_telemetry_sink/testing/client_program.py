"""Run `vox-telemetry`, the real program, to its end; the client is never imported here."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from vox_telemetry_sink.testing.errors import ProgramFailedError
from vox_telemetry_sink.testing.processes import PYTHON

RUN_WITHIN_S: Final = 300.0


class Ran(NamedTuple):
    """What a program left behind: its exit code and its two outputs."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """Return the one document that a command prints with `--json`.

        Raises:
            ProgramFailedError: it printed none.

        """
        try:
            document: dict[str, Any] = json.loads(self.out)
        except ValueError as exc:
            raise ProgramFailedError(
                f"got no JSON document and exit code {self.code}: {self.err.strip()}"
            ) from exc
        return document


def run(args: Iterable[str | Path], environment: Mapping[str, str], given: str, cwd: Path) -> Ran:
    """Run `vox-telemetry` to its end, in a process of its own."""
    done = subprocess.run(  # noqa: S603 -- the client, with the arguments of a test
        [*PYTHON, "vox_telemetry_client", *map(str, args)],
        env=environment,
        input=given,
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=RUN_WITHIN_S,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
