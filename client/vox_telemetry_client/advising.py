"""What the operator can do when a run has stopped, in one line. Pure."""

from http import HTTPStatus

from vox_telemetry_client.delivery import UNPROVEN, Fault, Verdict
from vox_telemetry_client.world import Sender
from vox_telemetry_spec.problems import Duty, ProblemType

# To be passed on with the id of the key in it.
ASK_FOR_APPROVAL = (
    "ask whoever runs the sink to approve key {key_id} (`vox-telemetry-sink keys approve {key_id}`)"
)
_ROTATE = "rotate to a new key: `vox-telemetry keys rotate --enrol`"
_ROTATE_FILE = (
    "make a new key: `vox-telemetry keys generate --file FILE`, set VOX_TELEMETRY_KEY_FILE to it, "
    "then `vox-telemetry keys enrol`"
)
_ENDED = {ProblemType.KEY_EXPIRED.uri, ProblemType.KEY_REVOKED.uri}
# The sink's own words for these hold the same advice as ours, in others.
_ADVISED_TWICE = {ProblemType.KEY_REVOKED.uri, ProblemType.KEY_NOT_APPROVED.uri}
_SLUG_ADVICE = {
    ProblemType.KEY_UNKNOWN: "enrol this key at the sink: `vox-telemetry keys enrol` with a "
    "one-time code, or give its operator what `vox-telemetry keys show` prints",
    ProblemType.KEY_NOT_YET_VALID: "wait until the sink takes this key, or sign with another: "
    "`vox-telemetry keys use KEY_ID`",
    ProblemType.KEY_NOT_APPROVED: f"{ASK_FOR_APPROVAL}, then upload again",
    ProblemType.TOKEN_INVALID: "ask the sink's operator for VOX_TELEMETRY_UPLOAD_TOKEN",
    ProblemType.SIGNATURE_STALE: "set this machine's clock",
    ProblemType.SIGNATURE_INVALID: "the URL's host must be the one that the sink goes by: "
    "compare VOX_TELEMETRY_UPLOAD_URL with VOX_SINK_PUBLIC_AUTHORITY",
}
_ADVICE = {problem.uri: advice for problem, advice in _SLUG_ADVICE.items()} | {
    UNPROVEN: "somebody else may be answering: ask the sink's operator what "
    "`vox-telemetry-sink receipt-key show` prints; if that is another key than the `sink_key` of "
    "`vox-telemetry keys list --json`, run `vox-telemetry keys enrol` with the code that enrolled "
    "this key, which pins it",
}


_FAULT_ADVICE = {
    Fault.PROXY_REFUSED: "check HTTPS_PROXY and the credentials in it; NO_PROXY names exceptions",
    Fault.TLS: "check that VOX_TELEMETRY_UPLOAD_URL is that of a server with TLS 1.2 or newer",
    Fault.TLS_EXPIRED: "the sink's operator renews it; check this machine's clock, too",
    Fault.TLS_HOST: "check the host in VOX_TELEMETRY_UPLOAD_URL",
    Fault.TLS_UNKNOWN: "check the host; --ca-file or VOX_TELEMETRY_CA_FILE names a private "
    "authority",
}


def rotation(*, in_file: bool) -> str:
    """Return how another key takes the place of one that is over."""
    return _ROTATE_FILE if in_file else _ROTATE


def why(verdict: Verdict, sender: Sender) -> str:
    """Return why a run stops, and what to do."""
    problem = verdict.problem
    said = problem.detail or problem.title
    if verdict.duty is Duty.RETRY:
        return f"the sink does not take batches now: {said}; everything is kept, try again later"
    if problem.type in _ADVISED_TWICE:
        said = problem.title
    todo = advice(verdict, sender.key.public.key_id, in_file=sender.in_file)
    return f"{said}; everything is kept: {todo}"


def advice(verdict: Verdict, key_id: str = "KEY_ID", *, in_file: bool = False) -> str:
    """Return what the operator can do after a STOP; `key_id` names the key that signed."""
    if verdict.problem.type in _ENDED:
        return rotation(in_file=in_file)
    known = _ADVICE.get(verdict.problem.type)
    if known is not None:
        return known.replace("{key_id}", key_id)
    if HTTPStatus.MULTIPLE_CHOICES <= verdict.status < HTTPStatus.BAD_REQUEST:
        return "redirects are never followed: set VOX_TELEMETRY_UPLOAD_URL to the final URL"
    if verdict.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "check the key, VOX_TELEMETRY_UPLOAD_TOKEN and this machine's clock"
    if verdict.fault is not None:
        return _FAULT_ADVICE.get(verdict.fault, "check VOX_TELEMETRY_UPLOAD_URL and the network")
    return "check VOX_TELEMETRY_UPLOAD_URL: this seems to be no telemetry sink"
