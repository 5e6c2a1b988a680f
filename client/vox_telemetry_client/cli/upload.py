"""`vox-telemetry upload`: sign and send what is pending, and keep the record."""

from pathlib import Path
from typing import Annotated

import typer

from vox_telemetry_client.allowance import RunLimits
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.counting import counted, n_batches
from vox_telemetry_client.errors import EXIT_DONE, InterruptedRunError, RunLimitError
from vox_telemetry_client.report import Outcome, Report, Result
from vox_telemetry_client.settings import all_off, settings, target_of

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show each request with its bytes; send nothing.")
]
Url = Annotated[str | None, typer.Option(help="Send here instead of to the configured URL.")]
CaFile = Annotated[
    Path | None,
    typer.Option(help="Trust these authorities (PEM) alone; default: VOX_TELEMETRY_CA_FILE."),
]
MaxBatches = Annotated[
    int | None, typer.Option(min=1, help="Try at most so many batches; the rest waits.")
]
MaxBytes = Annotated[
    int | None, typer.Option(min=1, help="Send at most so many bytes of batches, repeats counted.")
]
MaxSeconds = Annotated[
    float | None, typer.Option(min=1, help="Begin no request and no pause after so many seconds.")
]


def upload(  # noqa: PLR0913 -- a command's parameters are its options
    *,
    dry_run: DryRun = False,
    url: Url = None,
    ca_file: CaFile = None,
    max_batches: MaxBatches = None,
    max_bytes: MaxBytes = None,
    max_seconds: MaxSeconds = None,
    as_json: AsJson = False,
) -> None:
    """Sign and send what is pending, oldest first; a batch is deleted only for its receipt."""
    config = settings()
    limits = RunLimits(max_batches, max_bytes, max_seconds)
    if dry_run:
        from vox_telemetry_client.cli.dry_run import show_requests  # noqa: PLC0415 -- httpx is slow

        show_requests(config, target_of(config, url), ca_file, limits, as_json=as_json)
        return
    off = all_off()  # before the URL is asked for, which may unlock a keyring
    if off is not None:
        off.require()
    from vox_telemetry_client.cli.run_upload import run_upload  # noqa: PLC0415 -- so is tenacity

    report = run_upload(config, url, ca_file, limits)
    if as_json:
        output.document(_document(report))
    else:
        _print(report)
    for name in report.foreign:
        output.note(f"'{name}' in pending/ is no batch: moved to foreign/, not sent")
    if report.stopped is not None:
        output.note(f"vox-telemetry: {report.stopped}{_left(report)}")
    if isinstance(report.error, InterruptedRunError):
        raise report.error
    raise typer.Exit(report.exit_code)


def _left(report: Report) -> str:
    """Return what an end that the operator asked for has left over; a stop says so itself."""
    if not isinstance(report.error, InterruptedRunError | RunLimitError):
        return ""
    kept = n_batches(report.totals[Result.KEPT], " is kept", " are kept")
    return f"; {kept}, run the upload again to go on"


def _document(report: Report) -> dict[str, object]:
    shown: dict[str, object] = {
        "batches": [_row(outcome) for outcome in report.outcomes],
        "totals": report.totals,
    }
    if report.not_listed:
        shown["not_listed"] = report.not_listed
    if report.stopped is not None:
        shown["stopped"] = report.stopped
    if report.error is not None and report.exit_code != EXIT_DONE:
        shown["error"] = {"kind": report.error.kind, "message": str(report.error)}
    if report.foreign:
        shown["foreign"] = report.foreign
    if report.clock_offset_s is not None:
        shown["clock_offset_s"] = report.clock_offset_s
    return shown


def _row(outcome: Outcome) -> dict[str, object]:
    row: dict[str, object] = {
        "batch_id": outcome.batch_id,
        "outcome": outcome.result.value,
        "attempts": outcome.attempts,
    }
    return row if outcome.problem is None else row | {"problem": outcome.problem}


def _print(report: Report) -> None:
    for outcome in report.outcomes:
        problem = "" if outcome.problem is None else f"  {outcome.problem.title}"
        output.line(f"{outcome.batch_id}  {outcome.result.value}{problem}")
    if report.not_listed:
        output.line(f"and {counted(report.not_listed, 'more batch', 'more batches')}")
    totals = ", ".join(f"{count} {name}" for name, count in report.totals.items() if count)
    output.line(totals or "nothing to upload")
    if report.clock_offset_s is not None:
        output.note(
            f"this machine's clock is {-report.clock_offset_s:+.0f} s off the sink's: signed with "
            "the sink's time, set the clock"
        )
