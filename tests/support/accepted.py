"""Batches that have walked through verify and enforce, as the ingest does it."""

from datetime import UTC, datetime
from typing import Any

from support.uploads import Upload, new_batch_id, payload_of
from vox_telemetry_sink.enforce import Accepted, enforce
from vox_telemetry_sink.unpack import unpack
from vox_telemetry_sink.verify import EnrolledKey, Received, read_claim, verify
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.taxonomy import SensitivityClass

CHECKER = Checker.load()


def accepted_batch(key: SigningKey, *events: Any, batch_id: str | None = None) -> Accepted:
    """Walk a batch of these events, or of one good one, through verify and enforce."""
    batch_id = batch_id or new_batch_id()
    upload = Upload(key=key, batch_id=batch_id, payload=payload_of(*events, batch_id=batch_id))
    request = SignableRequest("POST", upload.authority, upload.path, upload.headers())
    received = Received(request, None, upload.body)
    enrolled = EnrolledKey(key.public, "test", SensitivityClass.S1, is_revoked=False)
    now = datetime.now(UTC)
    verified = verify(received, read_claim(received), enrolled, now=now)
    return enforce(verified, unpack(verified), CHECKER, now=now)
