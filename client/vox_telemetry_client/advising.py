"""What the operator can do when a run has stopped, in one line. Pure."""

from http import HTTPStatus

from vox_telemetry_client.delivery import UNPROVEN, Fault, Verdict
from vox_telemetry_spec.problems import ProblemType

# To be passed on with the id of the key in it.
ASK_FOR_APPROVAL = (
    "ask whoever runs the sink to approve key {key_id} (`vox-telemetry-sink keys approve {key_id}`)"
)
_SLUG_ADVICE = {
    ProblemType.KEY_UNKNOWN: "enrol this key at the sink: `vox-telemetry keys enrol` with a "
    "one-time code, or give its operator what `vox-telemetry keys show` prints",
    ProblemType.KEY_EXPIRED: "rotate to a new key: `vox-telemetry keys rotate --enrol`",
    ProblemType.KEY_NOT_YET_VALID: "wait until the sink takes this key, or sign with another: "
    "`vox-telemetry keys use KEY_ID`",
    ProblemType.KEY_REVOKED: "rotate to a new key: `vox-telemetry keys rotate --enrol`",
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


def advice(verdict: Verdict, key_id: str = "KEY_ID") -> str:
    """Return what the operator can do after a STOP; `key_id` names the key that signed."""
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
