"""The spool: where it is, whether it is safe, and whether there is room."""

import secrets
import shutil

from vox_telemetry_client.counting import counted, n_batches, n_events
from vox_telemetry_client.doctor.finding import Seen, fail, ok, skip, warn
from vox_telemetry_client.doctor.visit import Visit
from vox_telemetry_client.errors import TelemetryError, os_words
from vox_telemetry_client.files import write_new
from vox_telemetry_client.folder import used
from vox_telemetry_client.limits import SPOOL_NEARLY_FULL
from vox_telemetry_spec.limits import CODED_BODY_MAX_BYTES

_ABSENT = "there is no spool yet: the first enqueue makes it"


def path(visit: Visit) -> Seen:
    """Say where the spool lies."""
    root = visit.folder.root
    return ok(str(root) if root.exists() else f"{root} (not made yet)")


def mode(visit: Visit) -> Seen:
    """Look whether it is this user's alone."""
    try:
        visit.folder.check()
    except TelemetryError as exc:
        return fail(str(exc))
    return ok("only this user may enter") if visit.folder.root.exists() else skip(_ABSENT)


def write(visit: Visit) -> Seen:
    """Look whether a file can be written and deleted there."""
    if not visit.folder.tmp.is_dir():
        return skip(_ABSENT)
    # A name that is no batch: nothing reads it, should it be left behind.
    probe = visit.folder.tmp / f"doctor-{secrets.token_hex(8)}"
    try:
        write_new(probe, b"x")
        probe.unlink()
    except OSError as exc:
        return fail(f"{visit.folder.tmp} cannot be written: {os_words(exc)}")
    return ok("a file can be written and deleted")


def quota(visit: Visit) -> Seen:
    """Look whether there is room under the quota."""
    most = visit.config.spool_max_bytes
    try:
        held = used(visit.folder)
    except OSError as exc:
        return fail(f"{visit.folder.root} cannot be read: {os_words(exc)}")
    found = f"{held} of {most} bytes are used"
    if held >= most:
        return fail(found)
    return warn(found) if held >= most * SPOOL_NEARLY_FULL else ok(found)


def disk(visit: Visit) -> Seen:
    """Look whether the disk has room for what the quota allows."""
    root = visit.folder.root
    there = next((place for place in (root, *root.parents) if place.is_dir()), None)
    if there is None:
        return skip("there is no folder to look at")
    free = shutil.disk_usage(there).free
    found = f"{free} bytes are free"
    if free < CODED_BODY_MAX_BYTES:
        return fail(f"{found}, a batch may need {CODED_BODY_MAX_BYTES}")
    if free < visit.config.spool_max_bytes:
        return warn(f"{found}, the quota is {visit.config.spool_max_bytes}")
    return ok(found)


def pending(visit: Visit) -> Seen:
    """Say what waits, and whether it has waited too long."""
    found = visit.overview
    count = f"{n_batches(found.pending.count)}, {n_events(found.pending_events)}"
    if found.old.count:
        return warn(
            f"{count}; {counted(found.old.count, 'has', 'have')} waited for more than 7 days"
        )
    if early := found.before_consent.count:
        return warn(
            f"{count}; {counted(early, 'was', 'were')} enqueued before consent was granted",
            "`vox-telemetry consent grant --include-pending` covers them",
        )
    return ok(count)


def rejected(visit: Visit) -> Seen:
    """Look whether anything has been set aside."""
    count = visit.overview.rejected.count
    return (
        warn(n_batches(count, " was set aside", " were set aside"))
        if count
        else ok("nothing was set aside")
    )


def journal(visit: Visit) -> Seen:
    """Look whether the journal and the files agree."""
    found = visit.overview
    odd = (
        (found.unreadable_lines, "unreadable line", "unreadable lines"),
        (found.unapproved.count, "batch without a line", "batches without a line"),
        (found.missing.count, "batch whose file is gone", "batches whose file is gone"),
        (found.foreign.count, "foreign name in pending/", "foreign names in pending/"),
    )
    told = [counted(count, one, many) for count, one, many in odd if count]
    if found.unnamed_parts:
        told.append("more batches than were looked at differ")
    return warn(", ".join(told)) if told else ok("journal and files agree")
