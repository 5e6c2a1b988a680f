"""What the next upload would send, and when."""

from vox_telemetry_client.doctor.finding import Seen, ok, skip, warn
from vox_telemetry_client.doctor.visit import Visit
from vox_telemetry_spec.times import format_time


def upcoming(visit: Visit) -> Seen:
    """Say what would be sent next."""
    decision = visit.around.may_send(visit.target.url)
    if not decision.allowed:
        return skip(f"nothing would be sent: {decision.reason}")
    found = visit.overview
    held_back = {*found.before_consent.first, *found.unapproved.first}
    waiting = [one for one in found.pending.first if one not in held_back]
    count = found.pending.count - found.before_consent.count - found.unapproved.count
    if not waiting:
        return ok("nothing is waiting")
    first = f"batch {waiting[0]}, the oldest of {count}, to {visit.target.url}"
    if found.uploader is not None:
        return warn(f"{first}; an upload is running: pid {found.uploader.pid}", "wait for its end")
    if found.earliest_next_attempt is not None:
        when = format_time(found.earliest_next_attempt)
        return warn(f"{first}; the sink asked not to be called before {when}")
    return ok(first)
