"""Did the key in an enrolment sign it? Pure; before anybody looks at the code in it.

Wire 11.2, in this order: (1) exactly one signature with the enrolment's tag, covering what it must;
(2) `created` lies within the window; (3) the body is the one that Content-Digest names; (4) it is
the closed document; (5) `keyid` is the thumbprint of the key in it, whose signature verifies.
"""

from datetime import datetime

from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.verify import SIGNATURE_HEADERS, Received
from vox_telemetry_spec.digest import check_content_digest
from vox_telemetry_spec.enrolment import Enrolment, read_enrolment
from vox_telemetry_spec.errors import EnrolmentRefusedError, SignatureRefusedError
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature import PresentedSignature, check_fresh, read_signature
from vox_telemetry_spec.times import format_time
from vox_telemetry_spec.wire import ENROLMENT_SIGNATURE


def prove(received: Received, *, now: datetime) -> Enrolment:
    """Return the enrolment that its own key signed; its code is still as presented.

    Raises:
        RefusalError: the step that failed, with its problem type.

    """
    fields = received.request.fields
    try:
        claim = read_signature(
            received.request, *map(fields.get, SIGNATURE_HEADERS), profile=ENROLMENT_SIGNATURE
        )
        check_fresh(claim, now_s=now.timestamp())
        check_content_digest(fields.get("content-digest"), received.coded_body)
        enrolment = read_enrolment(received.coded_body)
        _check_possession(enrolment, claim)
    except SignatureRefusedError as exc:
        is_stale = exc.problem is ProblemType.SIGNATURE_STALE
        sink_time = format_time(now) if is_stale else ""
        raise RefusalError(exc.problem, str(exc), sink_time=sink_time) from exc
    except EnrolmentRefusedError as exc:
        raise RefusalError(exc.problem, str(exc)) from exc
    return enrolment


def _check_possession(enrolment: Enrolment, claim: PresentedSignature) -> None:
    if claim.key_id != enrolment.key.key_id:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_INVALID, "keyid is not the thumbprint of public_key, expected it"
        )
    if not enrolment.key.verifies(claim.signature, claim.base):
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_INVALID,
            "public_key did not sign this request, expected a signature of its private half",
        )
