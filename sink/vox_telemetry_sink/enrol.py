"""POST /v1/keys: receive, prove possession, use the one-time code, receipt (wire 11)."""

import time
from datetime import UTC, datetime
from typing import Any, NoReturn

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency

from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.ingest import Sink, check_token
from vox_telemetry_sink.key_rows import ListedKey
from vox_telemetry_sink.limiter import Limiter
from vox_telemetry_sink.openapi_keys import EnrolOperation
from vox_telemetry_sink.problems import RATE_HEADERS
from vox_telemetry_sink.prove import prove
from vox_telemetry_sink.receive import ENROLMENT_BODY, receive
from vox_telemetry_sink.request_note import note
from vox_telemetry_spec.enrolment import EnrolmentCode, EnrolmentReceipt, PublicJwk, read_code
from vox_telemetry_spec.errors import EnrolmentRefusedError
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.times import format_time
from vox_telemetry_spec.wire import (
    ENROLMENT_RECEIPT_MEDIA_TYPE,
    ENROLMENT_RECEIPT_SCHEMA,
    KEYS_PATH,
    OLD_ENROLMENT_RECEIPT_MEDIA_TYPE,
)

_STRANGERS = "strangers"


@post(KEYS_PATH, operation_class=EnrolOperation, request_max_body_size=None)
async def enrol(request: Request[Any, Any, Any], sink: NamedDependency[Sink]) -> Response[bytes]:
    """Enrol the key that signed the request by a one-time code: 201 now, 200 when it was before."""
    config = sink.config
    check_token(request.headers.get("authorization"), config.upload_token)
    _limit_rate(request, sink.enrolment_limiter)
    received = await receive(
        request,
        ENROLMENT_BODY,
        public_authority=config.public_authority,
        deadline_s=config.receive_deadline_s,
    )
    enrolment = prove(received, now=datetime.now(UTC))
    code = _read_code(enrolment.code)
    enrolled = await sink.key_store.enrol(code, enrolment.key, now=datetime.now(UTC))
    if enrolled is None:
        _refuse_code()
    note("enrolled", key_id=enrolled.key.key_id, repeated=not enrolled.is_new)
    receipt = _receipt(enrolled.key, sink.receipt_key)
    is_old = not _names_newest(received.request.fields.get("accept", ""))
    return Response(
        receipt.encode_old() if is_old else receipt.encode(),
        status_code=201 if enrolled.is_new else 200,
        media_type=OLD_ENROLMENT_RECEIPT_MEDIA_TYPE if is_old else ENROLMENT_RECEIPT_MEDIA_TYPE,
        headers=request.state.get(RATE_HEADERS),
    )


def _limit_rate(request: Request[Any, Any, Any], limiter: Limiter) -> None:
    """Count this request, good or bad, before any work: nobody here is known yet.

    Raises:
        RefusalError: too many (429).

    """
    permit = limiter.take(_STRANGERS, now_s=time.monotonic())
    request.state[RATE_HEADERS] = permit.headers
    if not permit.allowed:
        raise RefusalError(
            ProblemType.RATE_LIMITED,
            f"too many enrolments at this sink, expected the rate {permit.policy}",
            headers={"retry-after": str(permit.retry_after_s), "connection": "close"},
        )


def _read_code(presented: str) -> EnrolmentCode:
    try:
        return read_code(presented)
    except EnrolmentRefusedError:
        _refuse_code()


def _refuse_code() -> NoReturn:
    """Refuse alike whatever is wrong with a code, and without a cause that could be logged.

    Raises:
        RefusalError: always (403).

    """
    raise RefusalError(
        ProblemType.ENROLMENT_CODE_REFUSED,
        "this code does not enrol this key: it is wrong, used or expired, or the key is enrolled "
        "already; ask the operator for a new code",
    ) from None


def _names_newest(accept: str) -> bool:
    """Return whether the client knows the newest receipt; a client from before it does not."""
    named = {media.partition(";")[0].strip().lower() for media in accept.split(",")}
    return ENROLMENT_RECEIPT_MEDIA_TYPE in named


def _receipt(key: ListedKey, receipt_key: SigningKey | None) -> EnrolmentReceipt:
    return EnrolmentReceipt(
        schema=ENROLMENT_RECEIPT_SCHEMA,
        key_id=key.key_id,
        name=key.name,
        max_sensitivity=key.max_sensitivity,
        families=key.families,
        enrolled_at=format_time(key.enrolled_at),
        not_after=format_time(key.not_after) if key.not_after else None,
        sink_key=None if receipt_key is None else _public(receipt_key),
        approved_at=format_time(key.approved_at) if key.approved_at else None,
    )


def _public(receipt_key: SigningKey) -> PublicJwk:
    return msgspec.convert(receipt_key.public.jwk, PublicJwk)
