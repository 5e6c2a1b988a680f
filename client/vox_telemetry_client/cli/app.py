"""The commands, in the order of the walk; each lives in the file of its name."""

from typing import Annotated

import typer

from vox_telemetry_client.cli import (
    check,
    completion,
    consent,
    doctor,
    enqueue,
    journal,
    keys,
    output,
    prune,
    prune_spool,
    record,
    rejected,
    review,
    status,
    upload,
    view,
)
from vox_telemetry_client.cli.examples import add_examples

app = typer.Typer(
    name="vox-telemetry",
    help="Check, review, sign and upload usage telemetry, deliberately, to a sink you choose.",
    epilog="Exit codes: 0 done, 1 something was kept or refused, 2 usage, 3 not configured.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local variables could show a key
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 -- typer calls it with the flag
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 -- it is slow, and rarely asked for

        output.line(f"vox-telemetry {version('vox-telemetry')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and end.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Check, review, sign and upload usage telemetry, deliberately, to a sink you choose."""


app.add_typer(keys.app, name="keys")
app.add_typer(consent.app, name="consent")
prune.app.add_typer(prune_spool.app, name="spool")
app.add_typer(prune.app, name="prune")
app.add_typer(rejected.app, name="rejected")
app.command("record")(record.record)
app.command("check", epilog=check.EXAMPLES)(check.check)
app.command("enqueue", epilog=enqueue.EXAMPLES)(enqueue.enqueue)
app.command("status")(status.status)
app.command("show")(review.show)
app.command("export")(review.export)
app.command("view")(view.view)
app.command("upload")(upload.upload)
app.add_typer(journal.app, name="journal")
app.command("doctor")(doctor.doctor)
app.command("completion")(completion.completion)
add_examples(app)
completion.answer_shells()
