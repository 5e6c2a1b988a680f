"""The headers of one request: what is sent, and the signature over it. Pure.

The body on the wire is the file, byte for byte: there is no Content-Encoding, so that the bytes
shown are the bytes signed and sent.
"""

from collections.abc import Callable

from vox_telemetry_client.batch import Batch
from vox_telemetry_spec.digest import content_digest
from vox_telemetry_spec.keys import SigningKey, encode_base64url
from vox_telemetry_spec.signature import sign_request
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.structured_fields import serialise_string
from vox_telemetry_spec.wire import (
    BATCH_MEDIA_TYPE,
    PROBLEM_MEDIA_TYPE,
    RECEIPT_MEDIA_TYPE,
    IngestTarget,
)

METHOD = "POST"
_NONCE_BYTES = 16  # 22 characters, above the wire's NONCE_MIN_CHARS


def fresh_nonce(random_bytes: Callable[[int], bytes]) -> str:
    """Return the `nonce` of one attempt (wire 6.3); `random_bytes` gives as many as it is asked."""
    return encode_base64url(random_bytes(_NONCE_BYTES))


def unsigned_headers(batch: Batch) -> dict[str, str]:
    """Return the headers that say what the body is (wire 3)."""
    return {
        "accept": f"{RECEIPT_MEDIA_TYPE}, {PROBLEM_MEDIA_TYPE}",
        # An answer in a coding could unpack to any size; ours are short as they are.
        "accept-encoding": "identity",
        "content-type": BATCH_MEDIA_TYPE,
        "content-digest": content_digest(batch.payload),
        "idempotency-key": serialise_string(batch.batch_id),
    }


def signed_headers(
    batch: Batch, target: IngestTarget, key: SigningKey, *, created: int, nonce: str
) -> dict[str, str]:
    """Return all headers but the bearer token; fresh for each attempt (wire 6.4).

    `created` is in seconds since the epoch, `nonce` at least 16 random characters.
    """
    headers = unsigned_headers(batch)
    request = SignableRequest(METHOD, target.authority, target.path, headers)
    return headers | sign_request(request, key, created=created, nonce=nonce)


def authorization(token: str | None) -> dict[str, str]:
    """Return the bearer header (RFC 6750 section 2.1) where a token is configured."""
    return {} if token is None else {"authorization": f"Bearer {token}"}
