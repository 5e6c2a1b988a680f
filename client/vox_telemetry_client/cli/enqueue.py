"""`vox-telemetry enqueue`: check events and keep them as batches, approved for upload."""

from pathlib import Path
from typing import Annotated

import typer

from vox_telemetry_client.batch import Batch
from vox_telemetry_client.check import Checked
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.check import counts, print_refused, refusals, run_check
from vox_telemetry_client.cli.settings import AsJson, now, settings, spool, spool_to_read
from vox_telemetry_client.cli.taking import Taken, from_files, from_rows, since_time
from vox_telemetry_client.config import Config
from vox_telemetry_client.enqueue import enqueue as keep
from vox_telemetry_client.errors import EXIT_KEPT_OR_REFUSED
from vox_telemetry_client.store_events import Wanted
from vox_telemetry_spec.limits import BATCH_MAX_EVENTS


def enqueue(  # noqa: PLR0913 -- typer makes each of them an option
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...", help="JSON array, JSON object or JSON Lines; - for stdin."
        ),
    ] = None,
    *,
    from_store: Annotated[
        bool, typer.Option("--from-store", help="Take the rows of the local store instead.")
    ] = False,
    db: Annotated[
        Path | None, typer.Option(help="The store, or a database of vox; it is only read.")
    ] = None,
    metric_type: Annotated[str | None, typer.Option(help="Only rows of this type.")] = None,
    since: Annotated[str | None, typer.Option(help="Only rows of this day or time on.")] = None,
    session_prefix: Annotated[str, typer.Option(help="Only rows whose session id begins so.")] = "",
    max_events: Annotated[
        int, typer.Option(min=1, max=BATCH_MAX_EVENTS, help="Most events in one batch.")
    ] = BATCH_MAX_EVENTS,
    as_json: AsJson = False,
) -> None:
    """Keep events for upload; if one is refused, nothing is kept. Nothing is sent."""
    if from_store == bool(files):
        raise typer.BadParameter("expected either FILE or --from-store")
    if not from_store and (db or metric_type or since or session_prefix):
        raise typer.BadParameter(
            "--db, --metric-type, --since and --session-prefix need --from-store"
        )
    config = settings()
    wanted = Wanted(session_prefix, metric_type, since_time(since))
    taken = (
        from_rows(db or config.store, wanted, spool_to_read(config))
        if from_store
        else from_files(run_check(files or []), spool_to_read(config))
    )
    _tell(taken, _kept(taken.checked, config, max_events), files or [], as_json=as_json)


def _kept(checked: Checked, config: Config, max_events: int) -> list[Batch]:
    if checked.refused or not checked.accepted:
        return []
    return keep(
        checked.accepted,
        spool(config),
        now=now(),
        max_bytes=config.spool_max_bytes,
        max_events=max_events,
    )


def _tell(taken: Taken, batches: list[Batch], files: list[str], *, as_json: bool) -> None:
    checked = taken.checked
    if as_json:
        kept = {"batches": [batch.approval for batch in batches]}
        output.document(counts(checked) | kept | taken.members() | refusals(checked, files))
    else:
        print_refused(checked.refused)
        for batch in batches:
            output.line(
                f"{batch.batch_id}  {batch.event_count} events  {len(batch.payload)} bytes  "
                f"sha-256 {batch.payload_sha256}"
            )
        taken.tell()
    if checked.refused:
        output.note(f"nothing was kept: {len(checked.refused)} refused, mend them and try again")
        raise typer.Exit(EXIT_KEPT_OR_REFUSED)
