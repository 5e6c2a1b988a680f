"""Does a verified payload obey the contract? Pure; the only maker of an `Accepted`."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

import msgspec

from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.verify import Verified
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.envelope import Envelope, Producer, read_envelope
from vox_telemetry_spec.errors import ContractRefusedError, FieldRefusedError, JsonRefusedError
from vox_telemetry_spec.limits import VIOLATIONS_MAX_COUNT
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.structured_fields import parse_string
from vox_telemetry_spec.taxonomy import Family, Refusal
from vox_telemetry_spec.violations import Violation

_OURS: Final = object()
_ENCODER: Final = msgspec.json.Encoder()


class Events(NamedTuple):
    """The events of a batch that passed every check, typed, a column each; all are as long.

    By column because that is how they are made and written: 100 objects of a batch would be made
    to be taken apart again. `metadata` is re-encoded JSON.
    """

    families: list[Family]
    session_ids: list[str]
    recorded_at: list[datetime]
    metric_values: list[float | None]
    metadata: list[bytes]


@dataclass(frozen=True)
class Accepted:
    """A batch that may be stored; only `enforce` makes one.

    It keeps nothing of the decoded payload: the garbage collector would go through 300 objects a
    batch, again and again, while they wait for a commit.
    """

    verified: Verified
    batch_id: str
    approved_at: datetime
    producer: Producer
    payload_sha256: bytes
    payload_bytes: int
    events: Events
    received_at: datetime
    made_by: object

    def __post_init__(self) -> None:
        """Refuse to be made elsewhere.

        Raises:
            RuntimeError: a programming error.

        """
        if self.made_by is not _OURS:
            raise RuntimeError("an Accepted is made by enforce() only")


def enforce(verified: Verified, payload: bytes, checker: Checker, *, now: datetime) -> Accepted:
    """Return the batch in `payload` with typed events; `now` (aware) becomes its `received_at`.

    Raises:
        RefusalError: not strict JSON (400), an Idempotency-Key that is absent or names another
            batch (400), or a batch that breaks the contract (422, with places and rules).

    """
    named = _idempotency_key(verified)
    envelope = _envelope(payload, checker)
    if envelope.batch_id != named:
        raise RefusalError(
            ProblemType.IDEMPOTENCY_KEY_MISMATCH,
            "Idempotency-Key is not the batch_id of the payload, expected the same UUID",
            event_count=len(envelope.events),
        )
    families = _check_events(envelope, verified, checker, now)
    return Accepted(
        verified=verified,
        batch_id=envelope.batch_id,
        approved_at=envelope.approved_at,
        producer=envelope.producer,
        payload_sha256=hashlib.sha256(payload).digest(),
        payload_bytes=len(payload),
        events=_typed(envelope, families),
        received_at=now.replace(microsecond=now.microsecond // 1000 * 1000),  # as receipts write it
        made_by=_OURS,
    )


def _idempotency_key(verified: Verified) -> str:
    header = verified.received.request.fields.get("idempotency-key", "")
    try:
        return parse_string("Idempotency-Key", header)
    except FieldRefusedError as exc:
        raise RefusalError(ProblemType.IDEMPOTENCY_KEY_MISSING, str(exc)) from exc


def _envelope(payload: bytes, checker: Checker) -> Envelope:
    try:
        return read_envelope(payload, checker.contracts)
    except JsonRefusedError as exc:
        raise RefusalError(
            ProblemType.BODY_MALFORMED,
            f"the payload is not strict JSON: {exc.rule}",
            violations=[Violation(None, exc.pointer, exc.rule)],
        ) from exc
    except ContractRefusedError as exc:
        raise _contract_refused(exc.violations) from exc


def _check_events(
    envelope: Envelope, verified: Verified, checker: Checker, now: datetime
) -> list[Family]:
    """Return the family of each event; looks no further once an answer could list no more."""
    checked = checker.check_batch(
        envelope.events,
        now=now,
        ceiling=verified.key.max_sensitivity,
        opted_in=verified.key.families or frozenset(),  # S2 takes a key that names the family
        at_most=VIOLATIONS_MAX_COUNT,
    )
    if checked.violations:
        raise _contract_refused(checked.violations, len(envelope.events))
    _check_families(checked.families, verified.key.families)
    return checked.families


def _check_families(families: list[Family], allowed: frozenset[str] | None) -> None:
    """Compare each event's family with those that the key names; a set first, for real batches."""
    if allowed is None or {family.family for family in families} <= allowed:
        return
    raise _contract_refused(
        [
            Violation(index, "/metric_type", Refusal.FAMILY_OF_KEY.value)
            for index, family in enumerate(families)
            if family.family not in allowed
        ],
        len(families),
    )


def _contract_refused(found: list[Violation], event_count: int | None = None) -> RefusalError:
    listed = found[:VIOLATIONS_MAX_COUNT]
    extent = "" if len(found) < VIOLATIONS_MAX_COUNT else "at least "
    return RefusalError(
        ProblemType.CONTRACT_REFUSED,
        f"the batch breaks the contract in {extent}{len(listed)} place(s), which are listed; "
        "nothing was stored",
        violations=listed,
        event_count=event_count,
    )


def _typed(envelope: Envelope, families: list[Family]) -> Events:
    """Type the members of checked events, whose names and types the closed contract has proven."""
    events = cast("list[dict[str, Any]]", envelope.events)
    return Events(
        families,
        [event["session_id"] for event in events],
        # Shape and reality of each are proven; what Python cuts past the microsecond, so do others.
        [datetime.fromisoformat(event["recorded_at"]) for event in events],
        [event.get("metric_value") for event in events],
        # A line break inside a string is always escaped (RFC 8259 section 7).
        _ENCODER.encode_lines([event["metadata"] for event in events]).split(b"\n")[:-1],
    )
