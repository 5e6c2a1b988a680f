"""`vox-telemetry enqueue`: check events and keep them as batches, approved for upload."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.cli import output, verdict
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.cli.rules import repair_with
from vox_telemetry_client.cli.taking import Taken, Taker, since_time
from vox_telemetry_client.config import Config
from vox_telemetry_client.counting import n_events
from vox_telemetry_client.draft import Draft
from vox_telemetry_client.enqueuing import draft, keep, keep_new
from vox_telemetry_client.errors import EXIT_KEPT_OR_REFUSED
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.hash_salt import hash_salt
from vox_telemetry_client.inputs import find_inputs
from vox_telemetry_client.repair import OnForbidden, is_forbidden
from vox_telemetry_client.repeats import Repeats
from vox_telemetry_client.seen import Mark
from vox_telemetry_client.settings import now, settings, spool, spool_to_read
from vox_telemetry_client.store_events import Wanted
from vox_telemetry_spec.limits import BATCH_MAX_EVENTS

EXAMPLES = """Examples:

vox-telemetry enqueue events.jsonl

vox-telemetry enqueue runs/ 'other/**/*.json' --on-forbidden omit

vox-telemetry enqueue --from-store --since 2026-11-01
"""


def enqueue(  # noqa: PLR0913 -- typer makes each of them an option
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help=verdict.FILES_HELP)
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
    on_forbidden: verdict.OnForbiddenOption = OnForbidden.REFUSE,
    again: Annotated[
        bool, typer.Option("--again", help="Take events too that were enqueued before.")
    ] = False,
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
    wanted = Wanted(session_prefix, metric_type, since_time(since))
    config = settings()
    repair = repair_with(on_forbidden, hash_salt)
    with draft(
        Folder(config.spool), max_bytes=config.spool_max_bytes, max_events=max_events
    ) as found:
        there = spool_to_read(config)
        mark = there.enqueue_mark()
        repeats = Repeats(there.noted_before(), there.enqueued_before)
        taker = Taker(found, repeats, again, repair, shown=not as_json)
        if from_store:
            taken = taker.rows(db or config.store, wanted)
        else:
            taken = taker.files(find_inputs(files or []))
        batches = (
            []
            if taken.checked.refused
            else _kept(found, config, None if again else (repeats, mark))
        )
        taken = replace(taken, repeated=repeats.found)
    _tell(taken, batches, on_forbidden, as_json=as_json)


def _kept(found: Draft, config: Config, less: tuple[Repeats, Mark] | None) -> list[Approval]:
    if not found.events:
        return []
    kept, quota = spool(config), config.spool_max_bytes
    if less is None:
        return keep(found, kept, now=now(), max_bytes=quota)
    return keep_new(found, kept, *less, now=now(), max_bytes=quota)


def _tell(
    taken: Taken, batches: list[Approval], on_forbidden: OnForbidden, *, as_json: bool
) -> None:
    checked = taken.checked
    if as_json:
        output.document(
            {"events": checked.events, "accepted": taken.accepted, "batches": batches}
            | taken.members()
            | verdict.members(checked, on_forbidden, with_file=taken.are_several)
        )
    else:
        verdict.tell(checked)
        for batch in batches:
            output.line(
                f"{batch.batch_id}  {n_events(batch.event_count)}  {batch.byte_count} bytes  "
                f"sha-256 {batch.payload_sha256}"
            )
        taken.tell()
    if checked.refused:
        output.note(f"nothing was kept: {len(checked.refused)} refused, {_way_on(taken)}")
        raise typer.Exit(EXIT_KEPT_OR_REFUSED)


def _way_on(taken: Taken) -> str:
    """Return what an operator can do about refused events."""
    way = "mend them and try again"
    if taken.staying is not None:
        way = "mend the rows, or take others with --metric-type, --since or --session-prefix"
    if any(is_forbidden(one.rule) for one in taken.checked.refused):
        way += "; --on-forbidden omit leaves out what a forbidden-field rule names"
    return way
