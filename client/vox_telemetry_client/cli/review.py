"""`vox-telemetry show` and `export`: every byte of it before anything is sent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from vox_telemetry_client.cli import completion, output
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.counting import n_batches, noun
from vox_telemetry_client.errors import (
    EXIT_KEPT_OR_REFUSED,
    OutputError,
    os_words,
)
from vox_telemetry_client.files import replace
from vox_telemetry_client.review import Found, find
from vox_telemetry_client.settings import naming_the_spool, settings, spool_to_read
from vox_telemetry_client.spool import Spool

Batch = Annotated[
    str,
    typer.Argument(
        metavar="BATCH", help="A batch id, or its beginning.", autocompletion=completion.batches
    ),
]
Out = Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")]


def show(batch: Batch, *, as_json: AsJson = False) -> None:
    """Print a batch: exactly the bytes that are signed and sent."""
    config = settings()
    spool = spool_to_read(config)
    with naming_the_spool(config):
        found = find(spool.folder, batch)
    approved = spool.approved(found.batch_id) is not None
    if as_json:
        output.document(_shown(found, approved=approved))
        return
    output.note(
        f"{found.batch_id}: {found.state}, {len(found.payload)} bytes, sha-256 {found.sha256}"
    )
    if found.state == "pending" and not approved:
        output.note("these bytes are not the approved ones: the next upload sets them aside")
    if found.problem is not None:
        output.note(f"{found.problem.title} {found.problem.detail}".strip())
        for one in found.problem.violations:
            output.note(f"event {one.event}: {one.pointer or 'the event'}: {one.rule}")
    output.raw(found.payload)


def export(out: Out = None, *, as_json: AsJson = False) -> None:
    """Write the pending batches, one JSON document a line; they stay in the spool."""
    config = settings()
    exported = _Exported(spool_to_read(config))
    with naming_the_spool(config):
        where = _export_to(out, exported, as_json=as_json)
    if as_json:
        output.document({"exported": exported.batches} | where)
    else:
        still = noun(exported.batches, "it is", "they are")
        output.note(f"exported {n_batches(exported.batches)}; {still} still pending")
    if exported.left_out:
        output.note(f"{exported.left_out} left out: not the bytes that were approved")
        raise typer.Exit(EXIT_KEPT_OR_REFUSED)


def _export_to(out: Path | None, exported: "_Exported", *, as_json: bool) -> dict[str, object]:
    """Write the batches, or hold those of a `--json` document; return its members."""
    if out is not None:
        _write_out(out, exported.lines())
        return {"out": str(out), "bytes": exported.size_bytes}
    if as_json:
        return {"batches": [msgspec.Raw(line[:-1]) for line in exported.lines()]}
    for line in exported.lines():
        output.raw(line)
    return {}


@dataclass
class _Exported:
    """The pending batches one by one, and how many there were."""

    spool: Spool
    batches: int = 0
    size_bytes: int = 0
    left_out: int = 0

    def lines(self) -> Iterator[bytes]:
        for batch_id in self.spool.all_waiting():
            batch = self.spool.approved(batch_id)
            if batch is None:
                self.left_out += 1
                continue
            self.batches += 1
            self.size_bytes += len(batch.payload) + 1
            yield batch.payload + b"\n"


def _shown(found: Found, *, approved: bool) -> dict[str, object]:
    shown: dict[str, object] = {
        "batch_id": found.batch_id,
        "state": found.state,
        "approved": approved,
        "payload_sha256": found.sha256,
        "byte_count": len(found.payload),
        "payload": found.document,
    }
    return shown if found.problem is None else shown | {"problem": found.problem}


def _write_out(out: Path, lines: Iterable[bytes]) -> None:
    try:
        # A device, a pipe or what a link names is written to, never put another file in place of.
        if out.is_symlink() or (out.exists() and not out.is_file()):
            with out.open("wb") as file:
                file.writelines(lines)
        else:
            replace(out, lines)
    except OSError as exc:
        raise OutputError(f"{out} cannot be written: {os_words(exc)}") from exc
