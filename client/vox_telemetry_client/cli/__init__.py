"""The command line: parse, call, print, exit.

Exit codes: 0 done, 1 something was kept or refused, 2 usage, 3 not configured, 130 interrupted,
143 ended by SIGTERM.
With `--json`, standard output holds exactly one JSON document, also for trouble:
`{"error":{"kind":…,"message":…}}`; the same message stands on standard error for a person.
"""

import sys
from collections.abc import Sequence
from contextlib import suppress

import typer

from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.app import app
from vox_telemetry_client.errors import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_KEPT_OR_REFUSED,
    EXIT_NOT_CONFIGURED,
    EXIT_USAGE,
    InterruptedRunError,
    OutputError,
    ReaderLeftError,
    TelemetryError,
)
from vox_telemetry_spec.errors import SpecError, UrlRefusedError


def main() -> None:
    """Run the program named `vox-telemetry`."""
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str]) -> int:
    """Run one command and return its exit code; no foreseeable trouble leaves a traceback."""
    try:
        code = app(args=list(args), prog_name="vox-telemetry", standalone_mode=False)
    except (ReaderLeftError, InterruptedRunError) as exc:  # nobody to tell, told already
        return exc.exit_code
    except (TelemetryError, SpecError, typer.TyperException) as exc:
        return _trouble(args, *_explain(exc))
    if code == EXIT_INTERRUPTED:  # typer's answer to Ctrl-C
        return _trouble(args, "interrupted", "interrupted; what is not done stays as it was", code)
    return code if isinstance(code, int) else EXIT_DONE


def _explain(exc: TelemetryError | SpecError | typer.TyperException) -> tuple[str, str, int]:
    """Return an error's kind, message and exit code."""
    if isinstance(exc, TelemetryError):
        return exc.kind, str(exc), exc.exit_code
    if isinstance(exc, typer.TyperException):
        return "usage", exc.format_message(), EXIT_USAGE
    if isinstance(exc, UrlRefusedError):
        return "url-refused", str(exc), EXIT_NOT_CONFIGURED
    return "contract", str(exc), EXIT_KEPT_OR_REFUSED


def _trouble(args: Sequence[str], kind: str, message: str, code: int) -> int:
    if "--json" in args:
        # The trouble may be that nothing can be printed; the exit code then says it alone.
        with suppress(OutputError, ReaderLeftError):
            output.document({"error": {"kind": kind, "message": message}})
    if message:  # none where the help has been printed instead
        output.note(f"vox-telemetry: {message}")
    return code
