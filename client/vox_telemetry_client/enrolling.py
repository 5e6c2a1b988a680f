"""The enrolment of a key as the client makes it (wire 11): one request, and what its answer means.

Pure: the world comes in. No word of an answer is shown, since an answer could repeat the code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from vox_telemetry_client.advising import advice
from vox_telemetry_client.delivery import (
    STOPPING_FAULTS,
    Answer,
    Fault,
    Verdict,
    parse_retry_after,
    problem_of,
)
from vox_telemetry_client.errors import EnrolmentError
from vox_telemetry_client.limits import CLOCK_OFFSET_MAX_S
from vox_telemetry_client.signing import METHOD, authorization, fresh_nonce
from vox_telemetry_spec.digest import content_digest
from vox_telemetry_spec.enrolment import (
    EnrolmentCode,
    EnrolmentReceipt,
    read_enrolment_receipt,
    write_enrolment,
)
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.problems import Duty, Problem, ProblemType
from vox_telemetry_spec.signature import sign_request
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.times import parse_time
from vox_telemetry_spec.wire import (
    ENROLMENT_MEDIA_TYPE,
    ENROLMENT_RECEIPT_MEDIA_TYPE,
    ENROLMENT_SIGNATURE,
    OLD_ENROLMENT_RECEIPT_MEDIA_TYPE,
    PROBLEM_MEDIA_TYPE,
    IngestTarget,
)

_AGAIN = "run this again with the same code, which counts once for this key"
_RECEIPTS = f"{ENROLMENT_RECEIPT_MEDIA_TYPE}, {OLD_ENROLMENT_RECEIPT_MEDIA_TYPE}"
_TITLES = {problem.uri: problem.title for problem in ProblemType}
_ADVICE = {
    ProblemType.ENROLMENT_CODE_REFUSED.uri: "the code is wrong, used or expired, or the key is "
    "enrolled already: ask the sink's operator for another code",
    ProblemType.NOT_FOUND.uri: "this sink enrols keys by hand: give its operator what "
    "`vox-telemetry keys show` prints",
}


@dataclass(frozen=True)
class World:
    """What an enrolment needs of the world around it."""

    post: Callable[[dict[str, str], bytes], Answer | Fault]
    require_on: Callable[[], None]  # raises where a switch is off
    now: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]


@dataclass(frozen=True)
class Enrolled:
    """The sink's receipt; `clock_offset_s` where it was signed with the sink's time."""

    receipt: EnrolmentReceipt
    clock_offset_s: float | None = None


class Enroller:
    """One key, one code, one sink."""

    def __init__(
        self, key: SigningKey, code: EnrolmentCode, target: IngestTarget, token: str | None
    ) -> None:
        """Take the key whose public half is sent; `target` is that of keys (wire 11.1)."""
        self._key = key
        self._code = code
        self._target = target
        self._bearer = authorization(token)

    def __repr__(self) -> str:
        """Leave out the code and the token."""
        return f"Enroller({self._key!r}, {self._target.url!r})"

    def run(self, world: World) -> Enrolled:
        """Ask the sink, once more with its time where it minds our clock.

        Raises:
            EnrolmentError: it did not enrol the key, or nobody knows.
            SwitchedOffError: a switch is off; nothing more was sent.

        """
        reply = self._request(world, 0.0)
        offset_s = _clock_offset_s(reply, world.now())
        if offset_s is not None:
            reply = self._request(world, offset_s)
        return Enrolled(_receipt(reply, self._key.public.key_id, world.now()), offset_s)

    def headers(self, body: bytes, *, created: int, nonce: str) -> dict[str, str]:
        """Return all headers but the bearer token."""
        fields = {
            "accept": f"{_RECEIPTS}, {PROBLEM_MEDIA_TYPE}",
            "accept-encoding": "identity",
            "content-type": ENROLMENT_MEDIA_TYPE,
            "content-digest": content_digest(body),
        }
        request = SignableRequest(METHOD, self._target.authority, self._target.path, fields)
        return fields | sign_request(
            request, self._key, created=created, nonce=nonce, profile=ENROLMENT_SIGNATURE
        )

    def _request(self, world: World, offset_s: float) -> Answer | Fault:
        world.require_on()
        created = int((world.now() + timedelta(seconds=offset_s)).timestamp())
        body = write_enrolment(self._code, self._key.public)
        headers = self.headers(body, created=created, nonce=fresh_nonce(world.random_bytes))
        return world.post(headers | self._bearer, body)


def _clock_offset_s(reply: Answer | Fault, now: datetime) -> float | None:
    """Return how far the sink's clock is ahead, where that is what it minds (wire 6.4)."""
    if isinstance(reply, Fault):
        return None
    problem = problem_of(reply)
    sink_time = parse_time(problem.sink_time)
    if problem.type != ProblemType.SIGNATURE_STALE.uri or sink_time is None:
        return None
    offset_s = (sink_time - now).total_seconds()
    return offset_s if abs(offset_s) <= CLOCK_OFFSET_MAX_S else None


def _receipt(reply: Answer | Fault, key_id: str, now: datetime) -> EnrolmentReceipt:
    if isinstance(reply, Fault):
        raise EnrolmentError(f"{reply.value}: {_advice(reply)}")
    if reply.status in (HTTPStatus.OK, HTTPStatus.CREATED):
        receipt = None if reply.body is None else read_enrolment_receipt(reply.body)
        if receipt is not None and receipt.key_id == key_id:
            return receipt
        got = "no receipt" if receipt is None else "a receipt for another key"
        raise EnrolmentError(
            f"the answer {reply.status} holds {got}, expected one for {key_id}: check the URL"
        )
    raise EnrolmentError(f"the key is not enrolled: {_refusal(reply, now)}")


def _refusal(reply: Answer, now: datetime) -> str:
    problem = problem_of(reply)
    title = _TITLES.get(problem.type, f"the answer is {reply.status}")
    wait_s = parse_retry_after(reply.headers.get("retry-after"), now=now)
    if wait_s is not None:
        return f"{title}: wait {wait_s:.0f} s, then {_AGAIN}"
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"{title}: {_AGAIN}, later"
    return f"{title}: {_ADVICE.get(problem.type) or advice(_stopped(reply.status, problem))}"


def _advice(fault: Fault) -> str:
    if fault in STOPPING_FAULTS:
        return advice(Verdict(Duty.STOP, fault=fault))
    if fault in (Fault.TIMEOUT, Fault.CLOSED):
        return f"the key may be enrolled, {_AGAIN}"
    return f"check the URL and the network, then {_AGAIN}"


def _stopped(status: int, problem: Problem) -> Verdict:
    return Verdict(Duty.STOP, status, problem=problem)
