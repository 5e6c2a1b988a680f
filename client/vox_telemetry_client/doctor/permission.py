"""Switches and consent, each asked by itself, so that all that forbid are told."""

from dataclasses import replace

from vox_telemetry_client.config import DO_NOT_TRACK, MASTER_SWITCH
from vox_telemetry_client.doctor.finding import Seen, fail, ok
from vox_telemetry_client.doctor.visit import Visit
from vox_telemetry_client.errors import TelemetryError
from vox_telemetry_client.switches import FileSays, Switches, may_send, switched_off
from vox_telemetry_spec.wire import IngestTarget

_SILENT = FileSays("")


def settings(visit: Visit) -> Seen:
    """Look whether the settings can be understood."""
    try:
        visit.around.settings()
    except TelemetryError as exc:
        return fail(str(exc))
    return ok("understood")


def policy(visit: Visit) -> Seen:
    """Look whether the organisation's policy allows sending."""
    says = visit.facts.switches.policy
    return _file(Switches(says, _SILENT, {}), says)


def user(visit: Visit) -> Seen:
    """Look whether the user's own configuration allows sending."""
    says = visit.facts.switches.user
    return _file(Switches(_SILENT, says, {}), says)


def master(visit: Visit) -> Seen:
    """Look whether the master switch is on."""
    return _variable(visit, MASTER_SWITCH)


def do_not_track(visit: Visit) -> Seen:
    """Look whether tracking is forbidden."""
    return _variable(visit, DO_NOT_TRACK)


def consent(visit: Visit) -> Seen:
    """Look whether there is consent to this URL and this contract."""
    url = visit.url.url if isinstance(visit.url, IngestTarget) else None
    alone = replace(visit.around.facts(url), switches=Switches(_SILENT, _SILENT, {}))
    decision = may_send(alone)
    if not decision.allowed:
        return fail(decision.reason)
    at = "" if alone.consent is None else f" at {alone.consent.at}"
    return ok(f"granted{at} for {decision.url}")


def _file(alone: Switches, says: FileSays) -> Seen:
    decision = switched_off(alone)
    if decision is not None:
        return fail(decision.reason)
    return ok(f"{says.path} allows it" if says.enabled else "says nothing")


def _variable(visit: Visit, name: str) -> Seen:
    value = visit.facts.switches.environ.get(name)
    decision = switched_off(Switches(_SILENT, _SILENT, {name: value or ""}))
    if decision is not None:
        return fail(decision.reason)
    return ok("not set" if value is None else f"'{value}' does not forbid")
