"""`vox-telemetry status`, `show` and `export`: look at everything before anything is sent."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.consent import consent_facts, uncovered_note
from vox_telemetry_client.cli.key_output import key_facts, key_line
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
from vox_telemetry_client.overview import Overview, look
from vox_telemetry_client.review import Found, find
from vox_telemetry_client.switches import Decision
from vox_telemetry_spec.times import format_time

Batch = Annotated[str, typer.Argument(metavar="BATCH", help="A batch id, or its beginning.")]
Out = Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")]


def status(*, as_json: AsJson = False) -> None:
    """Say what is pending, set aside, sent, and whether anything may be sent."""
    config = settings()
    with naming_the_spool(config):
        decision = sending(config)
        found = look(spool_to_read(config).folder, now(), covers_from=decision.covers_from)
    facts = _facts(found) | {
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
    if as_json:
        output.document(facts)
    else:
        _print_status(facts, found, decision)


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
    spool = spool_to_read(config)
    with naming_the_spool(config):
        waiting = spool.waiting()
        batches = [batch for one in waiting if (batch := spool.approved(one)) is not None]
    lines = b"".join(batch.payload + b"\n" for batch in batches)
    if out is not None:
        _write_out(out, lines)
    if as_json:
        payloads = [msgspec.Raw(batch.payload) for batch in batches]
        output.document(
            {"exported": len(batches)}
            | ({"batches": payloads} if out is None else {"out": str(out), "bytes": len(lines)})
        )
    else:
        if out is None:
            output.raw(lines)
        output.note(f"exported {len(batches)} batches; they are still pending")
    if len(batches) < len(waiting):
        output.note(f"{len(waiting) - len(batches)} left out: not the bytes that were approved")
        raise typer.Exit(EXIT_KEPT_OR_REFUSED)


def _facts(found: Overview) -> dict[str, object]:
    earliest = found.earliest_next_attempt
    last = found.last_acknowledged
    return {
        "pending": {"batches": len(found.pending), "events": found.pending_events},
        "rejected": {"batches": len(found.rejected)},
        "acknowledged": {
            "batches": found.acknowledged_batches,
            "events": found.acknowledged_events,
            "last": None if last is None else last.receipt,
        },
        "used_bytes": found.used_bytes,
        "pending_ids": found.pending,
        "rejected_ids": found.rejected,
        "old_ids": found.old,
        "before_consent_ids": found.before_consent,
        "unapproved_ids": found.unapproved,
        "missing_ids": found.missing,
        "foreign_names": found.foreign,
        "unreadable_journal_lines": found.unreadable_lines,
        "earliest_next_attempt": None if earliest is None else format_time(earliest),
        "uploader": found.uploader,
    }


def _print_status(facts: dict[str, object], found: Overview, decision: Decision) -> None:
    output.line(f"spool       {facts['spool']}")
    output.line(f"pending     {len(found.pending)} batches, {found.pending_events} events")
    output.line(f"rejected    {len(found.rejected)} batches")
    output.line(
        f"sent        {found.acknowledged_batches} batches, {found.acknowledged_events} events"
    )
    output.line(f"used        {found.used_bytes} of {facts['quota_bytes']} bytes")
    output.line(f"key         {key_line(facts)}")
    output.line(f"sending     {decision.reason or f'allowed to {decision.url}'}")
    for name, batch_ids in (("pending", found.pending), ("rejected", found.rejected)):
        for batch_id in batch_ids:
            output.line(f"  {name:9} {batch_id}")
    _print_concerns(found)


def _print_concerns(found: Overview) -> None:
    for batch_id in found.old:
        output.note(f"{batch_id} has been pending for more than 7 days")
    if found.before_consent:
        output.note(uncovered_note(len(found.before_consent)))
    for batch_id in found.unapproved:
        output.note(f"{batch_id} is not in the journal: the next upload sets it aside")
    for batch_id in found.missing:
        output.note(f"{batch_id} was approved, but its file is gone")
    for name in found.foreign:
        output.note(f"'{name}' in pending/ is no batch: it is never sent")
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


def _write_out(out: Path, lines: bytes) -> None:
    try:
        # A device, a pipe or what a link names is written to, never put another file in place of.
        if out.is_symlink() or (out.exists() and not out.is_file()):
            out.write_bytes(lines)
        else:
            replace(out, lines)
    except OSError as exc:
        raise OutputError(f"{out} cannot be written: {os_words(exc)}") from exc
