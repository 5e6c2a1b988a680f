"""`vox-telemetry status`: what the spool holds, what may be sent, and what comes next."""

from collections.abc import Callable

from vox_telemetry_client.advising import rotation
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.consent import consent_facts, uncovered_note
from vox_telemetry_client.cli.key_output import key_facts, key_line
from vox_telemetry_client.cli.left_behind import left_facts, tell_left
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.config import Config
from vox_telemetry_client.counting import counted, n_batches, n_events
from vox_telemetry_client.left_behind import left_behind
from vox_telemetry_client.limits import SEEN_MAX_BYTES
from vox_telemetry_client.next_step import next_step
from vox_telemetry_client.overview import Overview, counts_of, look
from vox_telemetry_client.settings import naming_the_spool, now, sending, settings, spool_to_read
from vox_telemetry_client.some import Some
from vox_telemetry_client.switches import Decision
from vox_telemetry_spec.times import format_time


def status(*, as_json: AsJson = False) -> None:
    """Say what is pending, set aside, sent, and whether anything may be sent."""
    config = settings()
    with naming_the_spool(config):
        decision = sending(config)
        folder = spool_to_read(config).folder
        found = look(folder, now(), covers_from=decision.covers_from)
        left = left_behind(folder, now())
    facts = _facts(found) | left_facts(left) | _setting_facts(config, decision)
    key = facts["key"]
    counts = counts_of(
        found,
        left,
        has_key=key is not None,
        key_trouble=str(facts.get("key_trouble", "")),
        waits_for_approval=str(key) if facts.get("key_waits_for_approval") else None,
        rotate=rotation(in_file=config.key_file is not None) if facts.get("key_revoked") else "",
    )
    facts["next"] = next_step(counts, decision)
    if as_json:
        output.document(facts)
    else:
        _print_status(facts, found, decision)
        tell_left(left)


def _facts(found: Overview) -> dict[str, object]:
    earliest = found.earliest_next_attempt
    return {
        "pending": {"batches": found.pending.count, "events": found.pending_events},
        "rejected": {"batches": found.rejected.count},
        "acknowledged": _acknowledged_facts(found),
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
        "counts": _count_facts(found),
        "unnamed_parts": found.unnamed_parts,
        "unreadable_journal_lines": found.unreadable_lines,
        "earliest_next_attempt": None if earliest is None else format_time(earliest),
        "uploader": found.uploader,
    }


def _acknowledged_facts(found: Overview) -> dict[str, object]:
    last = found.last_acknowledged
    return {
        "batches": found.acknowledged_batches,
        "events": found.acknowledged_events,
        "last": None if last is None else last.receipt,
    }


def _count_facts(found: Overview) -> dict[str, int]:
    """Return how many there are of what the lists name the first of."""
    return {
        "old": found.old.count,
        "before_consent": found.before_consent.count,
        "unapproved": found.unapproved.count,
        "missing": found.missing.count,
        "foreign": found.foreign.count,
    }


def _setting_facts(config: Config, decision: Decision) -> dict[str, object]:
    return {
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


def _print_status(facts: dict[str, object], found: Overview, decision: Decision) -> None:
    output.line(f"spool       {facts['spool']}")
    output.line(f"pending     {n_batches(found.pending.count)}, {n_events(found.pending_events)}")
    output.line(f"rejected    {n_batches(found.rejected.count)}")
    sent = n_events(found.acknowledged_events)
    output.line(f"sent        {n_batches(found.acknowledged_batches)}, {sent}")
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
        lines = counted(found.unreadable_lines, "unreadable line", "unreadable lines")
        output.note(f"the journal has {lines}")
    _print_uploads(found)


def _print_uploads(found: Overview) -> None:
    if found.earliest_next_attempt is not None:
        output.note(
            f"the sink asked for no upload before {found.earliest_next_attempt:%H:%M:%S} UTC"
        )
    if found.uploader is not None:
        output.note(f"an upload is running: pid {found.uploader.pid} since {found.uploader.since}")
