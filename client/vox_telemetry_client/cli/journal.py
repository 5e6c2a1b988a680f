"""`vox-telemetry journal`: what was decided about each batch, and when."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from vox_telemetry_client.cli import output, streams
from vox_telemetry_client.cli.journal_damage import Damage
from vox_telemetry_client.cli.journal_verify import verify
from vox_telemetry_client.cli.journal_words import in_words
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.cli.taking import since_time
from vox_telemetry_client.delivery import plain
from vox_telemetry_client.history import Entry, entries, is_within, named
from vox_telemetry_client.journal_lines import Line
from vox_telemetry_client.settings import naming_the_spool, settings, spool_to_read

Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only lines since then: YYYY-MM-DD, with a time, RFC 3339."),
]
Batch = Annotated[
    str | None, typer.Option(metavar="BATCH", help="Only lines of this batch id, or its beginning.")
]
AsLines = Annotated[
    bool, typer.Option("--jsonl", help="Print the lines as JSON, one document a line.")
]


app = typer.Typer(invoke_without_command=True)
app.command("verify")(verify)


@app.callback()
def journal(
    context: typer.Context,
    *,
    since: Since = None,
    batch: Batch = None,
    as_lines: AsLines = False,
    as_json: AsJson = False,
) -> None:
    """Print the record of decisions, oldest first; changes nothing."""
    if context.invoked_subcommand is not None:
        return
    moment = since_time(since)
    config = settings()
    path = spool_to_read(config).folder.journal
    damage = Damage()
    with naming_the_spool(config):
        found = _readable(
            (entry for entry in entries(path) if is_within(entry, moment, batch)), damage
        )
        if as_json:
            streams.document("lines", found, damage.members)
        elif as_lines:
            for line in found:
                output.raw(msgspec.json.encode(line) + b"\n")
        else:
            streams.table(("TIME", "EVENT", "BATCH", "WHAT"), map(_row, found))
    damage.tell()


def _readable(found: Iterator[Entry], damage: Damage) -> Iterator[Line]:
    for entry in found:
        if entry.line is None:
            damage.add(entry.number)
        else:
            yield entry.line


def _row(line: Line) -> tuple[str, ...]:
    batches = named(line)
    event = str(line.__struct_config__.tag)
    shown = (line.at, event, batches[0] if batches else "-", in_words(line))
    # Whoever can write the journal must not reach the terminal through it.
    return tuple(plain(" ".join(cell.split())) for cell in shown)
