"""POST /v1/batches: receive, verify, enforce, write, receipt. The order of wire 6.6 and 7."""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from litestar import Request, Response, post

from vox_telemetry_sink.checks import Checks
from vox_telemetry_sink.config import Config
from vox_telemetry_sink.errors import RefusalError, StoreError
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_sink.keys import KeyRegistry
from vox_telemetry_sink.limiter import Limiter
from vox_telemetry_sink.logs import described, log
from vox_telemetry_sink.metrics import EVENTS_STORED, accounted
from vox_telemetry_sink.openapi import IngestOperation
from vox_telemetry_sink.problems import RATE_HEADERS
from vox_telemetry_sink.receive import BATCH_BODY, receive
from vox_telemetry_sink.request_note import note
from vox_telemetry_sink.store import Rejection, Store
from vox_telemetry_sink.tracing import span
from vox_telemetry_sink.verify import Verified, read_claim, verify
from vox_telemetry_sink.writer import Writer
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.receipt_signature import sign_receipt
from vox_telemetry_spec.signature import PresentedSignature
from vox_telemetry_spec.wire import INGEST_PATH, RECEIPT_MEDIA_TYPE


@dataclass(frozen=True)
class Sink:
    """What a worker holds for its life."""

    config: Config
    checks: Checks
    store: Store
    keys: KeyRegistry
    key_store: KeyStore
    limiter: Limiter
    enrolment_limiter: Limiter
    writer: Writer
    receipt_key: SigningKey | None


@post(INGEST_PATH, operation_class=IngestOperation, request_max_body_size=None)
async def ingest(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Store one batch and answer with its receipt: 201 when stored now, 200 when held already."""
    with accounted() as account, span("ingest"):
        # Not injected: for the one busy route that would cost as much as a Prometheus histogram.
        answer = await _take(request, request.app.state.sink)
        account.is_new = answer.status_code == HTTPStatus.CREATED
    return answer


async def _take(request: Request[Any, Any, Any], sink: Sink) -> Response[bytes]:
    config = sink.config
    check_token(request.headers.get("authorization"), config.upload_token)
    with span("receive"):
        received = await receive(
            request,
            BATCH_BODY,
            public_authority=config.public_authority,
            deadline_s=config.receive_deadline_s,
        )
    with span("verify"):
        claim = read_claim(received)
        key = await sink.keys.find(claim.key_id)
        verified = verify(received, claim, key, now=datetime.now(UTC))
    limit_rate(request, verified, sink.limiter)
    async with rejections_kept(verified, sink.store):
        with span("enforce"):
            accepted = await sink.checks.check(verified, now=datetime.now(UTC))
        with span("write"):
            stored = await sink.writer.write(accepted)
    receipt = stored.receipt(accepted.batch_id)
    outcome = "stored" if stored.is_new else "duplicate"
    note(outcome, batch_id=receipt.batch_id, key_id=claim.key_id, events=receipt.event_count)
    EVENTS_STORED.inc(receipt.event_count * stored.is_new)
    body, status = receipt.encode(), 201 if stored.is_new else 200
    proof = _proof(body, status, claim, sink.receipt_key)
    return Response(
        body,
        status_code=status,
        media_type=RECEIPT_MEDIA_TYPE,
        headers={**request.state.get(RATE_HEADERS, {}), **proof},
    )


def _proof(
    body: bytes, status: int, claim: PresentedSignature, key: SigningKey | None
) -> dict[str, str]:
    """Return the fields of a signed receipt (wire 13); the group is committed by now."""
    if key is None:
        return {}
    request = (claim.label, claim.signature)
    return sign_receipt(body, status, request, key, created=int(time.time()))


def check_token(authorization: str | None, expected: str | None) -> None:
    """Compare the bearer token in constant time (RFC 6750); no token is asked for if none is set.

    Raises:
        RefusalError: missing or wrong; the answer does not say which.

    """
    if expected is None:
        return
    scheme, _, token = (authorization or "").partition(" ")
    matches = hmac.compare_digest(token.strip().encode(), expected.encode())
    if scheme.lower() != "bearer" or not matches:
        raise RefusalError(
            ProblemType.TOKEN_INVALID,
            "the bearer token is missing or wrong: ask the operator for the upload token",
            headers={"www-authenticate": "Bearer", "connection": "close"},
        )


def limit_rate(request: Request[Any, Any, Any], verified: Verified, limiter: Limiter) -> None:
    """Count this request for its key: after the signature, so that nobody spends another's rate.

    Raises:
        RefusalError: too many (429).

    """
    permit = limiter.take(verified.key.public.key_id, now_s=time.monotonic())
    request.state[RATE_HEADERS] = permit.headers
    if not permit.allowed:
        raise RefusalError(
            ProblemType.RATE_LIMITED,
            f"too many requests for this key, expected the rate {permit.policy}",
            headers={"retry-after": str(permit.retry_after_s)},
        )


@asynccontextmanager
async def rejections_kept(verified: Verified, store: Store) -> AsyncIterator[None]:
    """Keep why a signed batch was refused, as far as the database lets us; the refusal goes on."""
    try:
        yield
    except RefusalError as refusal:
        if refusal.problem is not ProblemType.OVERLOADED:  # an answer about us, not the batch
            await _keep(verified, refusal, store)
        raise


async def _keep(verified: Verified, refusal: RefusalError, store: Store) -> None:
    body = verified.received.coded_body
    rejection = Rejection(
        rejected_at=datetime.now(UTC),
        key_id=verified.key.public.key_id,
        problem=refusal.problem.slug,
        violations=refusal.violations,
        content_sha256=hashlib.sha256(body).digest(),
        coded_bytes=len(body),
        event_count=refusal.event_count,
    )
    try:
        await store.keep_rejection(rejection)
    except StoreError as exc:
        log().warning("rejection-not-kept", error=described(exc))
