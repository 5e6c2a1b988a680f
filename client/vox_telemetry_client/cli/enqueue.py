"""`vox-telemetry enqueue`: check events and keep them as batches, approved for upload."""

from typing import Annotated

import typer

from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.check import Files, counts, print_refused, refusals, run_check
from vox_telemetry_client.cli.settings import AsJson, now, settings, spool
from vox_telemetry_client.enqueue import enqueue as keep
from vox_telemetry_client.errors import EXIT_KEPT_OR_REFUSED
from vox_telemetry_spec.limits import BATCH_MAX_EVENTS


def enqueue(
    files: Files,
    *,
    max_events: Annotated[
        int, typer.Option(min=1, max=BATCH_MAX_EVENTS, help="Most events in one batch.")
    ] = BATCH_MAX_EVENTS,
    as_json: AsJson = False,
) -> None:
    """Keep events for upload; if one is refused, nothing is kept. Nothing is sent."""
    config = settings()
    checked = run_check(files)
    batches = (
        []
        if checked.refused
        else keep(
            checked.accepted,
            spool(config),
            now=now(),
            max_bytes=config.spool_max_bytes,
            max_events=max_events,
        )
    )
    if as_json:
        kept = {"batches": [batch.approval for batch in batches]}
        output.document(counts(checked) | kept | refusals(checked, files))
    else:
        print_refused(checked.refused)
        for batch in batches:
            output.line(
                f"{batch.batch_id}  {batch.event_count} events  {len(batch.payload)} bytes  "
                f"sha-256 {batch.payload_sha256}"
            )
    if checked.refused:
        output.note(f"nothing was kept: {len(checked.refused)} refused, mend them and try again")
        raise typer.Exit(EXIT_KEPT_OR_REFUSED)
