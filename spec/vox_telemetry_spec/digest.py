"""Content-Digest (RFC 9530 section 2): the coded body's SHA-256, which the signature covers."""

import hashlib
import hmac

from vox_telemetry_spec.errors import FieldRefusedError, SignatureRefusedError
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.structured_fields import parse_dictionary, serialise_bytes

ALGORITHM = "sha-256"


def content_digest(coded_body: bytes) -> str:
    """Return the header's value for `coded_body`."""
    return f"{ALGORITHM}={serialise_bytes(hashlib.sha256(coded_body).digest())}"


def check_content_digest(header: str | None, coded_body: bytes) -> None:
    """Compare a body with the digest that came with it.

    Other algorithms beside sha-256 are ignored, as RFC 9530 section 2 allows; alone they do not do.

    Raises:
        SignatureRefusedError: no sha-256 digest in the header, or not the one of this body.

    """
    try:
        presented, _ = parse_dictionary("Content-Digest", header or "")[ALGORITHM]
    except (FieldRefusedError, KeyError) as exc:
        raise SignatureRefusedError(
            ProblemType.CONTENT_DIGEST_MISSING,
            "got no sha-256 member in Content-Digest, expected sha-256=:BASE64: (RFC 9530)",
        ) from exc
    if not isinstance(presented, bytes) or not hmac.compare_digest(
        presented, hashlib.sha256(coded_body).digest()
    ):
        raise SignatureRefusedError(
            ProblemType.CONTENT_DIGEST_MISMATCH,
            "the body's SHA-256 is not the one in Content-Digest, expected the bytes as signed",
        )
