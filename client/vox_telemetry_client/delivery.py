"""What an answer asks the client to do (wire 7). Pure.

An answer comes from whatever stands at the URL: its text is cut short and freed of control
characters before it is kept or shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus

import msgspec

from vox_telemetry_client.limits import (
    CLOCK_OFFSET_MAX_S,
    PROBLEM_MAX_VIOLATIONS,
    PROBLEM_TEXT_MAX_CHARS,
)
from vox_telemetry_spec.errors import SignatureRefusedError
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.limits import RECEIPT_PROOF_MAX_BYTES, RETRY_AFTER_MAX_S
from vox_telemetry_spec.problems import Duty, Problem, ProblemType, duty_for_status
from vox_telemetry_spec.receipt import Receipt, read_receipt
from vox_telemetry_spec.receipt_signature import SignedReceipt, check_receipt, signed_receipt
from vox_telemetry_spec.times import parse_time
from vox_telemetry_spec.violations import Violation

_RETRY_AFTER_MAX_DIGITS = 10
UNPROVEN = "urn:vox-telemetry:client:receipt-unproven"
# Answers by which a sink, or a proxy before it, says that it takes nothing from anybody now.
_OF_THE_SINK = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
}
# Others of 2xx say less than "stored": 202 that something may be later, 206 that this is a part.
_STORED = {HTTPStatus.OK, HTTPStatus.CREATED}


class Fault(StrEnum):
    """Why no answer came."""

    DNS = "the host name cannot be resolved"
    REFUSED = "the connection was refused"
    UNREACHABLE = "no connection in time"
    TIMEOUT = "no answer in time"
    CLOSED = "the connection broke off"
    PROXY = "the proxy cannot reach the sink"
    PROXY_REFUSED = "the proxy refuses to connect"
    TLS = "the TLS connection failed"
    TLS_EXPIRED = "the TLS certificate has expired"
    TLS_HOST = "the TLS certificate is for another host"
    TLS_UNKNOWN = "the TLS certificate is signed by nobody who is trusted here"


# A failed handshake may be an attack, a proxy's refusal wants a person: neither mends itself.
STOPPING_FAULTS = {
    Fault.PROXY_REFUSED,
    Fault.TLS,
    Fault.TLS_EXPIRED,
    Fault.TLS_HOST,
    Fault.TLS_UNKNOWN,
}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names in lower case, `body` None where it was too long or coded."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True)
class Sent:
    """What a receipt must name to count, and who must have signed it to which request.

    `sink_key` None: no key is pinned, so an unsigned receipt counts (wire 13.3).
    """

    batch_id: str
    payload_sha256: str
    event_count: int
    request_fields: Mapping[str, str] = field(default_factory=dict)
    sink_key: PublicKey | None = None


@dataclass(frozen=True)
class Verdict:
    """The duty, and what led to it: a receipt for ACKNOWLEDGE, else a problem.

    `proof` is the receipt with its signature, where it has one; checked where a key is pinned.
    """

    duty: Duty
    status: int = 0
    receipt: Receipt | None = None
    proof: SignedReceipt | None = None
    problem: Problem = field(default_factory=Problem)
    retry_after_s: float | None = None
    fault: Fault | None = None

    @property
    def may_be_the_batch(self) -> bool:
        """Whether a failure to be retried may come of this very batch and not of the sink.

        A sink that is overloaded, names a time or cannot be reached speaks of itself. One that
        fails, or breaks off or is silent once it has the batch, may do so because of the batch.
        """
        if self.fault is not None:
            return self.fault in {Fault.TIMEOUT, Fault.CLOSED}
        return self.status not in _OF_THE_SINK and self.retry_after_s is None

    @property
    def duplicate(self) -> bool:
        """Whether the sink held the batch before (wire 7: 200, where 201 is new)."""
        return self.receipt is not None and self.status == HTTPStatus.OK


def judge(reply: Answer | Fault, sent: Sent, *, now: datetime) -> Verdict:
    """Return what to do with the batch that was sent; `now` is what a date is counted from.

    Only 200 or 201 with a receipt that names exactly these bytes acknowledges; all else keeps them.
    """
    if isinstance(reply, Fault):
        duty = Duty.STOP if reply in STOPPING_FAULTS else Duty.RETRY
        return Verdict(duty, problem=Problem(title=reply.value), fault=reply)
    if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return _judge_success(reply, sent)
    return Verdict(
        duty_for_status(reply.status),
        reply.status,
        problem=problem_of(reply),
        retry_after_s=parse_retry_after(reply.headers.get("retry-after"), now=now),
    )


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Return the seconds of Retry-After (RFC 9110 section 10.2.3), from 0 to RETRY_AFTER_MAX_S.

    None where the header is absent or no such value; the client's own pause then applies.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text) if len(text) <= _RETRY_AFTER_MAX_DIGITS else float("inf")
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, OverflowError):  # a zone of many digits overflows
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    return min(max(seconds, 0.0), float(RETRY_AFTER_MAX_S))


def clock_offset_s(problem: Problem, now: datetime) -> float | None:
    """Return by how much the sink's clock is ahead, where it minds ours (wire 6.4), else None."""
    sink_time = parse_time(problem.sink_time)
    if problem.type != ProblemType.SIGNATURE_STALE.uri or sink_time is None:
        return None
    offset_s = (sink_time - now).total_seconds()
    # Further off is nobody's clock, and such a date could not even be added to.
    return offset_s if abs(offset_s) <= CLOCK_OFFSET_MAX_S else None


def _judge_success(reply: Answer, sent: Sent) -> Verdict:
    receipt = None if reply.body is None else read_receipt(reply.body)
    if receipt is None or not receipt.names(
        batch_id=sent.batch_id, payload_sha256=sent.payload_sha256, event_count=sent.event_count
    ):
        got = "no receipt" if receipt is None else "a receipt for another batch"
        title = f"the answer {reply.status} holds {got}, expected one for this batch"
    elif reply.status in _STORED:
        return _judge_receipt(reply, receipt, sent)
    else:
        title = f"the answer {reply.status} holds a receipt, expected that with 200 or 201 alone"
    problem = Problem(title=title, status=reply.status)
    return Verdict(Duty.STOP, reply.status, problem=problem)


def _judge_receipt(reply: Answer, receipt: Receipt, sent: Sent) -> Verdict:
    """Ask for the sink's signature where its key is pinned; else keep what there is of one."""
    try:
        proof = _proof(reply, sent)
    except SignatureRefusedError as exc:
        if sent.sink_key is None:
            return Verdict(Duty.ACKNOWLEDGE, reply.status, receipt)
        title = f"the answer {reply.status} holds a receipt that is not the pinned sink's: {exc}"
        problem = Problem(type=UNPROVEN, title=plain(title), status=reply.status)
        return Verdict(Duty.STOP, reply.status, problem=problem)
    return Verdict(Duty.ACKNOWLEDGE, reply.status, receipt, proof)


def _proof(reply: Answer, sent: Sent) -> SignedReceipt | None:
    """Return the receipt with its signature, or None for one without where no key is pinned.

    Raises:
        SignatureRefusedError: it is no proof, or one that is too long to be kept.

    """
    if sent.sink_key is None and "signature-input" not in reply.headers:
        return None
    proof = signed_receipt(reply.status, reply.headers, reply.body or b"", sent.request_fields)
    length = len(msgspec.json.encode(proof))
    if length > RECEIPT_PROOF_MAX_BYTES:
        raise SignatureRefusedError(
            ProblemType.SIGNATURE_MALFORMED,
            f"with its signature it has {length} bytes, expected at most {RECEIPT_PROOF_MAX_BYTES}",
        )
    if sent.sink_key is not None:
        check_receipt(proof, {sent.sink_key.key_id: sent.sink_key})
    return proof


def problem_of(reply: Answer) -> Problem:
    """Return the problem that an answer tells, freed of what a terminal would obey."""
    try:
        found = msgspec.json.decode(reply.body or b"", type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = Problem()
    return Problem(
        type=plain(found.type),
        title=plain(found.title) or f"the answer is {reply.status}",
        status=reply.status,
        detail=plain(found.detail),
        sink_time=plain(found.sink_time),
        violations=[
            Violation(one.event, plain(one.pointer), plain(one.rule))
            for one in found.violations[:PROBLEM_MAX_VIOLATIONS]
        ],
    )


def plain(text: str) -> str:
    """Return foreign text short and harmless to a terminal."""
    shown = text[:PROBLEM_TEXT_MAX_CHARS]
    return "".join(sign if sign.isprintable() else " " for sign in shown)
