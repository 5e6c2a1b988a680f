"""`vox-telemetry rejected`: what was set aside, and deciding what becomes of it."""

from collections.abc import Sequence
from typing import Annotated

import typer

from vox_telemetry_client import rejected
from vox_telemetry_client.cli import output, streams
from vox_telemetry_client.cli.consent import uncovered_note
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.config import Config
from vox_telemetry_client.counting import n_batches
from vox_telemetry_client.errors import EXIT_KEPT_OR_REFUSED
from vox_telemetry_client.rejected import PutBack, SetAside
from vox_telemetry_client.settings import naming_the_spool, sending, settings, spool, spool_to_read
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.strict_json import JsonValue, decode
from vox_telemetry_spec.times import format_time

app = typer.Typer(help="Look at what was set aside, retry or discard it.", no_args_is_help=True)

One = Annotated[
    str, typer.Argument(metavar="ID", help="An id that `list` shows, or its beginning.")
]
Some = Annotated[
    list[str] | None, typer.Argument(metavar="ID...", help="Batch ids, or their beginnings.")
]
All = Annotated[bool, typer.Option("--all", help="All that was set aside.")]


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List what was set aside: since when, why, how many events and bytes."""
    config = settings()
    with naming_the_spool(config):
        found = rejected.listed(spool_to_read(config).folder)
        if as_json:
            streams.document("rejected", map(_row, found), dict)
        else:
            headings = ("ID", "SINCE", "EVENTS", "BYTES", "STATUS", "WHY")
            streams.table(headings, map(_columns, found))


@app.command()
def show(batch: One, *, as_json: AsJson = False) -> None:
    """Print why a batch was set aside, and exactly its bytes."""
    config = settings()
    with naming_the_spool(config):
        found = rejected.find(spool_to_read(config).folder, batch)
    if as_json:
        shown = _row(found) | {"problem": found.problem, "payload_sha256": found.sha256}
        output.document(shown | {"payload": _document(found.payload)})
        return
    for line in _told(found):
        output.note(line)
    if found.payload is not None:
        output.raw(found.payload)


@app.command()
def retry(batches: Some = None, *, all_: All = False, as_json: AsJson = False) -> None:
    """Put batches back to `pending/` under their ids, for the next upload; sends nothing."""
    config = settings()
    kept, batch_ids = _meant(config, batches, all_=all_)
    tried = rejected.retry(kept, batch_ids) if batch_ids else []
    uncovered = _uncovered(config, kept, tried)
    back = [one for one in tried if one.batch is not None]
    left = [one for one in tried if one.batch is None]
    if as_json:
        output.document(
            {
                "retried": [one.batch_id for one in back],
                "left": [{"batch_id": one.batch_id, "why": one.why} for one in left],
                "refused_for_content": [o.batch_id for o in back if o.is_refused_for_content],
                "not_covered": uncovered,
            }
        )
    else:
        _tell_retry(back, left, uncovered)
    if left:
        raise typer.Exit(EXIT_KEPT_OR_REFUSED)


@app.command()
def discard(
    batches: Some = None,
    *,
    all_: All = False,
    i_understand: Annotated[
        bool, typer.Option("--i-understand", help="Really delete; there is no way back.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete batches that were set aside, after a line in the journal."""
    config = settings()
    kept, batch_ids = _meant(config, batches, all_=all_)
    count = n_batches(len(batch_ids))
    question = f"Delete {count} from what was set aside? There is no way back."
    if batch_ids and not i_understand and not output.ask(question):
        raise typer.BadParameter(
            "refusing rejected discard without --i-understand; nothing was touched, "
            "look at: vox-telemetry rejected list"
        )
    rejected.discard(kept, batch_ids, "rejected discard")
    if as_json:
        output.document({"discarded": batch_ids})
    else:
        output.line(f"deleted {count}")


def _meant(config: Config, batches: Sequence[str] | None, *, all_: bool) -> tuple[Spool, list[str]]:
    """Return the spool and the ids that the command line means.

    Raises:
        typer.BadParameter: neither ids nor --all, or both.

    """
    if bool(batches) is all_:
        raise typer.BadParameter("expected batch ids, or --all")
    with naming_the_spool(config):
        wanted = None if all_ else batches
        batch_ids = rejected.ids_of(spool_to_read(config).folder, wanted)
    # Where nothing was set aside, nothing is made either.
    return spool(config) if batch_ids else spool_to_read(config), batch_ids


def _uncovered(config: Config, kept: Spool, tried: Sequence[PutBack]) -> list[str]:
    """Return the batches that went back and that no grant covers, where there is one."""
    covers_from = sending(config).covers_from
    if covers_from is None:
        return []
    back = [one.batch for one in tried if one.batch is not None]
    return [batch.batch_id for batch in back if not kept.covered(batch, covers_from)]


def _tell_retry(back: list[PutBack], left: list[PutBack], uncovered: list[str]) -> None:
    for one in back:
        output.line(f"{one.batch_id} is pending again")
        if one.is_refused_for_content:
            output.note(
                f"{one.batch_id} was refused for its content: the same bytes will be refused again "
                "unless the sink has changed"
            )
    if not back and not left:
        output.line("nothing was set aside")
    for one in left:
        output.note(f"{one.batch_id} stays set aside: {one.why}")
    if uncovered:
        output.note(uncovered_note(len(uncovered)))


def _row(found: SetAside) -> dict[str, object]:
    problem = found.problem
    return {
        "id": found.copy.stem,
        "batch_id": found.copy.batch_id,
        "at": None if found.at is None else format_time(found.at),
        "type": None if problem is None else problem.type,
        "title": None if problem is None else problem.title,
        "status": None if problem is None else problem.status,
        "events": found.events,
        "byte_count": None if found.payload is None else len(found.payload),
        "approved": found.events is not None,
    }


def _columns(found: SetAside) -> tuple[str, ...]:
    row = _row(found)
    why = row["title"] or row["type"] or "no reason lies beside it"
    shown = (row[name] for name in ("id", "at", "events", "byte_count", "status"))
    return (*("-" if one in (None, 0) else str(one) for one in shown), str(why))


def _told(found: SetAside) -> list[str]:
    size = "cannot be read" if found.payload is None else f"{len(found.payload)} bytes"
    lines = [f"{found.copy.stem}: set aside, {size}, sha-256 {found.sha256 or 'unknown'}"]
    if found.events is None:
        lines.append("these bytes are not the approved ones: `retry` leaves them here")
    if found.problem is None:
        return [*lines, "no reason lies beside it"]
    problem = found.problem
    lines.append(f"{problem.type} {problem.status or ''}".strip())
    lines.append(f"{problem.title} {problem.detail}".strip())
    return lines + [
        f"event {one.event}: {one.pointer or 'the event'}: {one.rule}" for one in problem.violations
    ]


def _document(payload: bytes | None) -> JsonValue:
    try:
        return None if payload is None else decode(payload)
    except JsonRefusedError:
        return None
