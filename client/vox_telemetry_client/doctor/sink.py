"""The sink: whether it answers and is ready, its time and its contract."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from vox_telemetry_client.delivery import Answer, Fault
from vox_telemetry_client.doctor.finding import Seen, fail, ok, skip, warn
from vox_telemetry_client.doctor.visit import NoWayError, Visit
from vox_telemetry_client.limits import CLOCK_WARN_S
from vox_telemetry_client.permission import packaged_contract
from vox_telemetry_spec.limits import SIGNATURE_MAX_SKEW_S
from vox_telemetry_spec.times import parse_time

_READY_PATH = "/readyz"
_SILENT = "the sink does not tell: it may be older, or another program's"


def answer(visit: Visit) -> Seen:
    """Look whether anything answers."""
    try:
        found = visit.reply.answer
    except NoWayError as exc:
        return fail(str(exc))
    if isinstance(found, Fault):
        return fail(found.value)
    if HTTPStatus.MULTIPLE_CHOICES <= found.status < HTTPStatus.BAD_REQUEST:
        return fail(f"HTTP {found.status}: a redirect, which is never followed")
    if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return fail(f"HTTP {found.status}")
    return ok(f"HTTP {found.status}")


def ready(visit: Visit) -> Seen:
    """Look whether the sink can store a batch now."""
    if isinstance(visit.reply.answer, Fault):
        return skip("the sink does not answer, see sink.answer")
    found = visit.get(_READY_PATH).answer
    if isinstance(found, Fault):
        return fail(found.value)
    if found.status == HTTPStatus.OK:
        return ok("it can store batches")
    if found.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return fail("it says that it cannot store batches now")
    return skip(f"HTTP {found.status} for {_READY_PATH}: {_SILENT}")


def clock(visit: Visit) -> Seen:
    """Look whether this machine and the sink agree on the time."""
    reply = visit.reply
    if isinstance(reply.answer, Fault):
        return skip("the sink does not answer, see sink.answer")
    theirs = None if visit.about is None else parse_time(visit.about.time)
    theirs = theirs or _date(reply.answer)
    if theirs is None:
        return skip(_SILENT)
    ahead_s = (reply.at - theirs).total_seconds()
    whole_s = round(ahead_s)  # an int has no -0
    found = f"this machine's clock is {whole_s:+d} s from the sink's"
    if abs(ahead_s) > SIGNATURE_MAX_SKEW_S:
        return fail(found)
    return warn(found) if abs(ahead_s) > CLOCK_WARN_S else ok(found)


def version(visit: Visit) -> Seen:
    """Say which program the sink is."""
    about = visit.about
    return skip(_SILENT) if about is None else ok(f"{about.program} {about.version}")


def contract(visit: Visit) -> Seen:
    """Look whether the sink has the contract that this program has."""
    about = visit.about
    if about is None:
        return skip(_SILENT)
    ours = packaged_contract()
    if (about.contract_version, about.contract_sha256) == (ours.version, ours.sha256):
        return ok(f"{ours.version}, the same as here")
    return warn(
        f"{about.contract_version}, sha-256 {about.contract_sha256[:12]}…, "
        f"here {ours.version}, {ours.sha256[:12]}…"
    )


def _date(found: Answer) -> datetime | None:
    """Return the `Date` of an answer (RFC 9110 section 6.6.1), in whole seconds."""
    try:
        moment = parsedate_to_datetime(found.headers.get("date", ""))
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
