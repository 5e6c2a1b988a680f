"""The checks in their order. An id never changes; what stands beside it is advice when it fails."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from vox_telemetry_client.doctor import keys, network, permission, sink, spool
from vox_telemetry_client.doctor.finding import Finding, Seen, State, fail, skip
from vox_telemetry_client.doctor.upcoming import upcoming
from vox_telemetry_client.doctor.visit import Surroundings, UnknownError, Visit
from vox_telemetry_client.errors import TelemetryError


class Check(NamedTuple):
    """One row of the table."""

    id: str
    look: Callable[[Visit], Seen]
    advice: str


CHECKS = (
    Check("settings", permission.settings, "mend the setting that is named"),
    Check("switch.policy", permission.policy, "ask whoever keeps the organisation's policy"),
    Check("switch.master", permission.master, "unset VOX_TELEMETRY to send"),
    Check("switch.do-not-track", permission.do_not_track, "unset DO_NOT_TRACK to send"),
    Check("switch.user", permission.user, "change [telemetry] in your configuration to send"),
    Check("consent", permission.consent, "run: vox-telemetry consent grant"),
    Check("spool.path", spool.path, "name another in VOX_TELEMETRY_SPOOL_DIR"),
    Check("spool.mode", spool.mode, "make the folder yours alone: chmod 700"),
    Check("spool.write", spool.write, "make room, or name another in VOX_TELEMETRY_SPOOL_DIR"),
    Check("spool.quota", spool.quota, "upload, or raise VOX_TELEMETRY_SPOOL_MAX_BYTES"),
    Check("spool.disk", spool.disk, "make room, or name another in VOX_TELEMETRY_SPOOL_DIR"),
    Check("spool.pending", spool.pending, "upload them: vox-telemetry upload"),
    Check("spool.rejected", spool.rejected, "look at them: vox-telemetry status"),
    Check("spool.journal", spool.journal, "look at it: vox-telemetry status names each"),
    Check("keyring.backend", keys.backend, "unlock your keyring, or use VOX_TELEMETRY_KEY_FILE"),
    Check("keyring.round-trip", keys.round_trip, "unlock your keyring, or choose another"),
    Check("key.current", keys.current, "make one: vox-telemetry keys generate"),
    Check("key.enrolled", keys.enrolled, "enrol it: vox-telemetry keys enrol"),
    Check("url", network.url, "set VOX_TELEMETRY_UPLOAD_URL"),
    Check("proxy", network.proxy, "mend HTTPS_PROXY or ALL_PROXY"),
    Check("ca", network.authorities, "name a file of PEM certificates in VOX_TELEMETRY_CA_FILE"),
    Check("dns", network.name, "check the host in the upload URL, and this machine's resolver"),
    Check(
        "tls",
        network.tls,
        "name a private authority in VOX_TELEMETRY_CA_FILE, or ask the sink's operator",
    ),
    Check("sink.answer", sink.answer, "check the upload URL, and whether the sink runs"),
    Check("sink.ready", sink.ready, "ask the sink's operator; what is pending stays"),
    Check("sink.version", sink.version, "ask the sink's operator"),
    Check("sink.contract", sink.contract, "update the older of the two"),
    Check("clock", sink.clock, "set this machine's clock"),
    Check("next", upcoming, "run the upload again then"),
)


def examine(around: Surroundings) -> Iterator[Finding]:
    """Yield what each check found, as soon as it has been found."""
    visit = Visit(around)
    for check in CHECKS:
        seen = _seen(check, visit)
        advice = seen.advice or check.advice
        concerns = seen.state in (State.WARN, State.FAIL)
        yield Finding(check.id, seen.state, seen.found, advice if concerns else "")


def _seen(check: Check, visit: Visit) -> Seen:
    try:
        return check.look(visit)
    except UnknownError as exc:
        return skip(str(exc))
    except TelemetryError as exc:
        return fail(str(exc))
