"""What an operator does next, in one line: the first thing that stands in the way. Pure."""

from dataclasses import dataclass

from vox_telemetry_client.advising import ASK_FOR_APPROVAL
from vox_telemetry_client.switches import Decision, Source


@dataclass(frozen=True)
class Counts:
    """What lies in the spool, and how it stands with the key."""

    pending: int
    sendable: int  # pending, and covered by consent where there is one
    set_aside: int
    prunable: int
    has_key: bool
    key_trouble: str = ""  # why it cannot be told which key signs; it says what to do
    waits_for_approval: str | None = None  # the id of the key that signs, where it does
    rotate: str = ""  # how another takes its place, where the sink called it revoked


def next_step(found: Counts, decision: Decision) -> str:
    """Return what to do, as a command where one helps."""
    pending = found.pending > 0
    steps = (
        (pending and not decision.allowed, _allow(decision)),
        (pending and bool(found.key_trouble), found.key_trouble),
        (pending and not found.has_key, "vox-telemetry keys generate"),
        (pending and not found.sendable, "vox-telemetry consent grant --include-pending"),
        (pending and bool(found.rotate), found.rotate),
        (pending and found.waits_for_approval is not None, _ask(found.waits_for_approval)),
        (pending, "vox-telemetry upload --dry-run, then vox-telemetry upload"),
        (found.set_aside > 0, "vox-telemetry rejected list"),
        (found.prunable > 0, "vox-telemetry prune spool plan"),
    )
    return next((step for stands, step in steps if stands), "vox-telemetry enqueue FILE")


def _ask(key_id: str | None) -> str:
    return f"{ASK_FOR_APPROVAL.format(key_id=key_id)}, then vox-telemetry upload"


def _allow(decision: Decision) -> str:
    if decision.denied:
        return "nothing: consent was denied"
    if decision.source is Source.CONSENT:
        return "vox-telemetry consent grant"
    if decision.source is Source.UPLOAD_URL:
        return "set VOX_TELEMETRY_UPLOAD_URL to a URL that telemetry may be sent to"
    return f"nothing is sent while {decision.source} forbids it"
