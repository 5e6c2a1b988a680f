"""`vox-telemetry prune spool`: what is too old in the spool, and deleting it."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from vox_telemetry_client import spool_pruning
from vox_telemetry_client.cli import output, streams
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.config import Config
from vox_telemetry_client.errors import EXIT_KEPT_OR_REFUSED
from vox_telemetry_client.limits import PURGE_WAIT_S
from vox_telemetry_client.lock import held
from vox_telemetry_client.settings import naming_the_spool, now, settings, spool, spool_to_read
from vox_telemetry_client.spool_pruning import Prunable

app = typer.Typer(help="Delete what is too old in the spool.", no_args_is_help=True)


@app.command("plan")
def plan(*, as_json: AsJson = False) -> None:
    """Name what is too old in the spool, and why; changes nothing."""
    config = settings()
    with naming_the_spool(config):
        found = spool_pruning.plan(spool_to_read(config).folder, now())
        if as_json:
            streams.document("files", map(_row, found), dict)
            return
        streams.table(("FILE", "BYTES", "WHY"), map(_columns, found))


@app.command("apply")
def apply(
    *,
    i_understand: Annotated[
        bool, typer.Option("--i-understand", help="Really delete; there is no way back.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete what `plan` names, each after a line in the journal; receipts stay."""
    if not i_understand:
        raise typer.BadParameter(
            "refusing prune spool apply without --i-understand; nothing was touched, "
            "look at: vox-telemetry prune spool plan"
        )
    counts: Counter[str] = Counter()

    def deleted(gone: Sequence[Prunable]) -> None:
        counts.update(one.reason for one in gone)
        if not as_json:
            for one in gone:
                output.line(f"deleted {one.file}: {one.reason}")

    stuck = _apply(settings(), deleted)
    if as_json:
        output.document({"deleted": counts, "total": counts.total(), "stuck": stuck})
    else:
        output.line(f"deleted {counts.total()} in all")
    for file in stuck:
        output.note(f"{file} cannot be deleted; look at its owner and mode")
    if stuck:
        raise typer.Exit(EXIT_KEPT_OR_REFUSED)


def _apply(config: Config, deleted: Callable[[Sequence[Prunable]], None]) -> list[str]:
    if not config.spool.exists():  # cleaning makes no folder where there is none
        return []
    kept = spool(config)
    with held(kept.folder.upload_lock, "an upload", wait_s=PURGE_WAIT_S):
        return spool_pruning.apply(kept, now(), deleted)


def _row(one: Prunable) -> dict[str, object]:
    row: dict[str, object] = {"file": one.file, "bytes": one.bytes, "reason": one.reason}
    return row if one.batch_id is None else row | {"batch_id": one.batch_id}


def _columns(one: Prunable) -> tuple[str, str, str]:
    return one.file, str(one.bytes), one.reason
