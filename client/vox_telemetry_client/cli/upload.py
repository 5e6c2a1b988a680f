"""`vox-telemetry upload`: sign and send what is pending, and keep the record."""

from typing import Annotated

import typer

from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.settings import AsJson, all_off, settings, spool_to_read
from vox_telemetry_client.report import Outcome, Report

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show each request with its bytes; send nothing.")
]
Url = Annotated[str | None, typer.Option(help="Send here instead of to the configured URL.")]


def upload(*, dry_run: DryRun = False, url: Url = None, as_json: AsJson = False) -> None:
    """Sign and send what is pending, oldest first; a batch is deleted only for its receipt."""
    config = settings()
    if dry_run:
        from vox_telemetry_client.cli.dry_run import show_requests  # noqa: PLC0415 -- httpx is slow

        show_requests(config, spool_to_read(config), url, as_json=as_json)
        return
    off = all_off()  # before the URL is asked for, which may unlock a keyring
    if off is not None:
        off.require()
    from vox_telemetry_client.cli.run_upload import run_upload  # noqa: PLC0415 -- so is tenacity

    report = run_upload(config, url)
    if as_json:
        output.document(_document(report))
    else:
        _print(report)
    for name in report.foreign:
        output.note(f"'{name}' in pending/ is no batch: moved to foreign/, not sent")
    if report.stopped is not None:
        output.note(f"vox-telemetry: {report.stopped}")
    raise typer.Exit(report.exit_code)


def _document(report: Report) -> dict[str, object]:
    shown: dict[str, object] = {
        "batches": [_row(outcome) for outcome in report.outcomes],
        "totals": report.totals,
    }
    if report.not_listed:
        shown["not_listed"] = report.not_listed
    if report.stopped is not None:
        shown["stopped"] = report.stopped
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
        output.line(f"and {report.not_listed} more batches")
    counted = ", ".join(f"{count} {name}" for name, count in report.totals.items() if count)
    output.line(counted or "nothing to upload")
    if report.clock_offset_s is not None:
        output.note(
            f"this machine's clock is {-report.clock_offset_s:+.0f} s off the sink's: signed with "
            "the sink's time, set the clock"
        )
