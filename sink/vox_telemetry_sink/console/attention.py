"""What somebody should look at, in words, the worst first; pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from vox_telemetry_sink.console.rows import KeyFigures
from vox_telemetry_sink.console.words import moment, plural, short_name
from vox_telemetry_spec.limits import CONSOLE_ENDS_SOON_S

_ENDS_SOON: Final = timedelta(seconds=CONSOLE_ENDS_SOON_S)


class Attention(NamedTuple):
    """One thing to look at; `level` is bad or warn, `path` where to go."""

    level: str
    words: str
    path: str


def needs_attention(
    failed_checks: Iterable[tuple[str, str]],
    keys: Sequence[KeyFigures],
    now: datetime,
    *,
    default_holds_events: bool,
) -> list[Attention]:
    """Return what is not as it should be; nothing is the best that can be found."""
    found = [
        Attention("bad", f"Health check “{name}” fails: {message}", "/console/health")
        for name, message in failed_checks
    ]
    if default_holds_events:
        words = "Events lie in the default partition: run vox-telemetry-sink migrate"
        found.append(Attention("warn", words, "/console/storage"))
    if waiting := [each for each in keys if each.state == "waiting"]:
        words = f"{plural(len(waiting), 'key waits', 'keys wait')} for an administrator's approval"
        found.append(Attention("warn", words, "/console/keys?state=waiting"))
    found += [
        Attention(
            "warn",
            f"Key “{short_name(each.key.name)}” ends on {moment(each.key.not_after)} UTC",
            f"/console/keys/{each.key.key_id}",
        )
        for each in keys
        if ends_soon(each, now)
    ]
    return found


def ends_soon(each: KeyFigures, now: datetime) -> bool:
    """Tell whether a good key that nothing replaces has two weeks left or less."""
    end = each.key.not_after
    is_used = each.state == "good" and each.key.replaced_by is None
    return is_used and end is not None and end - now <= _ENDS_SOON
