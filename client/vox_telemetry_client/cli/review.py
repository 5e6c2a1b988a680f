"""`vox-telemetry status`, `show` and `export`: look at everything before anything is sent."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from vox_telemetry_client.cli import completion, output
from vox_telemetry_client.cli.consent import consent_facts, uncovered_note
from vox_telemetry_client.cli.key_output import key_facts, key_line
from vox_telemetry_client.cli.left_behind import left_facts, tell_left
from vox_telemetry_client.cli.settings import (
    AsJson,
    naming_the_spool,
    now,
    sending,
    settings,
    spool_to_read,
)
from vox_telemetry_client.errors import (
    EXIT_KEPT_OR_REFUSED,
    OutputError,
    os_words,
)
from vox_telemetry_client.files import replace
from vox_telemetry_client.left_behind import LeftBehind, left_behind
from vox_telemetry_client.limits import SEEN_MAX_BYTES
from vox_telemetry_client.next_step import Counts, next_step
from vox_telemetry_client.overview import Overview, look
from vox_telemetry_client.review import Found, find
from vox_telemetry_client.some import Some
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.switches import Decision
from vox_telemetry_spec.times import format_time

Batch = Annotated[
    str,
    typer.Argument(
        metavar="BATCH", help="A batch id, or its beginning.", autocompletion=completion.batches
    ),
]
Out = Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")]


def status(*, as_json: AsJson = False) -> None:
    """Say what is pending, set aside, sent, and whether anything may be sent."""
    config = settings()
    with naming_the_spool(config):
        decision = sending(config)
        folder = spool_to_read(config).folder
        found = look(folder, now(), covers_from=decision.covers_from)
        left = left_behind(folder, now())
    facts = (
        _facts(found)
        | left_facts(left)
        | {
            "spool": str(config.spool),
            "quota_bytes": config.spool_max_bytes,
            "sending": {
                "allowed": decision.allowed,
                "reason": decision.reason or None,
                "source": decision.source,
            },
            "consent": consent_facts(),
            **key_facts(config),
            "upload_url_configured": bool((config.upload_url or "").strip()),
        }
    )
    facts["next"] = next_step(_counts(found, left, has_key=facts["key"] is not None), decision)
    if as_json:
        output.document(facts)
    else:
        _print_status(facts, found, decision)
        tell_left(left)


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
        output.note(f"exported {exported.batches} batches; they are still pending")
    if exported.left_out:
        output.note(f"{exported.left_out} left out: not the bytes that were approved")
        raise typer.Exit(EXIT_KEPT_OR_REFUSED)


def _counts(found: Overview, left: LeftBehind, *, has_key: bool) -> Counts:
    return Counts(
        pending=found.pending.count,
        sendable=found.pending.count - found.before_consent.count,
        set_aside=left.set_aside.count,
        prunable=left.leftovers.count + found.old.count,
        has_key=has_key,
    )


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


def _facts(found: Overview) -> dict[str, object]:
    earliest = found.earliest_next_attempt
    last = found.last_acknowledged
    return {
        "pending": {"batches": found.pending.count, "events": found.pending_events},
        "rejected": {"batches": found.rejected.count},
        "acknowledged": {
            "batches": found.acknowledged_batches,
            "events": found.acknowledged_events,
            "last": None if last is None else last.receipt,
        },
        "used_bytes": found.used_bytes,
        "seen_bytes": found.seen_bytes,
        "pending_ids": found.pending.first,
        "rejected_ids": found.rejected.first,
        "old_ids": found.old.first,
        "before_consent_ids": found.before_consent.first,
        "unapproved_ids": found.unapproved.first,
        "missing_ids": found.missing.first,
        "damaged": found.damaged,
        "foreign_names": found.foreign.first,
        "counts": {
            "old": found.old.count,
            "before_consent": found.before_consent.count,
            "unapproved": found.unapproved.count,
            "missing": found.missing.count,
            "foreign": found.foreign.count,
        },
        "unnamed_parts": found.unnamed_parts,
        "unreadable_journal_lines": found.unreadable_lines,
        "earliest_next_attempt": None if earliest is None else format_time(earliest),
        "uploader": found.uploader,
    }


def _print_status(facts: dict[str, object], found: Overview, decision: Decision) -> None:
    output.line(f"spool       {facts['spool']}")
    output.line(f"pending     {found.pending.count} batches, {found.pending_events} events")
    output.line(f"rejected    {found.rejected.count} batches")
    output.line(
        f"sent        {found.acknowledged_batches} batches, {found.acknowledged_events} events"
    )
    output.line(
        f"repeats     {found.seen_bytes} of {SEEN_MAX_BYTES} bytes, not part of what is used"
    )
    output.line(f"used        {found.used_bytes} of {facts['quota_bytes']} bytes")
    output.line(f"key         {key_line(facts)}")
    output.line(f"sending     {decision.reason or f'allowed to {decision.url}'}")
    output.line(f"next        {facts['next']}")
    for name, batches in (("pending", found.pending), ("rejected", found.rejected)):
        _each(batches, f"  {name:9} {{}}".format, output.line)
    _print_concerns(found)


def _each(some: Some, text: Callable[[str], str], tell: Callable[[str], None]) -> None:
    """Print a line for each of the first, and how many there are besides."""
    for name in some.first:
        tell(text(name))
    if some.count > len(some.first):
        tell(f"  and {some.count - len(some.first)} more")


def _print_concerns(found: Overview) -> None:
    _each(found.old, "{} has been pending for more than 7 days".format, output.note)
    if found.old.count:
        output.note("upload them, or see: vox-telemetry prune spool plan")
    if found.before_consent.count:
        output.note(uncovered_note(found.before_consent.count))
    _each(
        found.unapproved,
        "{} is not in the journal: the next upload sets it aside".format,
        output.note,
    )
    _each(found.missing, "{} was approved, but its file is gone".format, output.note)
    if found.unnamed_parts:
        output.note("the journal and pending/ differ in more batches than these")
    _each(found.damaged, "{}: never sent, the next upload sets it aside".format, output.note)
    _each(
        found.foreign,
        "'{}' in pending/ is no batch: never sent, the next upload moves it".format,
        output.note,
    )
    if found.unreadable_lines:
        output.note(f"the journal has {found.unreadable_lines} unreadable lines")
    if found.earliest_next_attempt is not None:
        output.note(
            f"the sink asked for no upload before {found.earliest_next_attempt:%H:%M:%S} UTC"
        )
    if found.uploader is not None:
        output.note(f"an upload is running: pid {found.uploader.pid} since {found.uploader.since}")


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
