"""What tests of enrolment share: a code, and a sink's receipt for whatever key asks."""

import base64
import hashlib
import json
from typing import Any

from support.http_answers import Answer, Request, computed

CODE = "01234-56789-ABCDE-FGHJK"
SINK_KEY = {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


def thumbprint(jwk: dict[str, str]) -> str:
    """Give a key's id by RFC 7638, without our own code."""
    required = {name: jwk[name] for name in ("crv", "kty", "x")}
    digest = hashlib.sha256(json.dumps(required, separators=(",", ":")).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def enrols(status: int = 201, **changes: Any) -> Answer:
    """Answer as a sink that enrols the key of the request; `changes` falsify its receipt.

    With `approved_at` among them it is a sink that knows of approval, else one from before.
    """
    version = "v2" if "approved_at" in changes else "v1"
    media_type = {"Content-Type": f"application/vnd.vox.key-enrolment-receipt.{version}+json"}

    def make(request: Request) -> tuple[int, dict[str, str], bytes]:
        said = {
            "schema": f"vox.key-enrolment-receipt.{version}",
            "key_id": thumbprint(json.loads(request.body)["public_key"]),
            "name": "alice",
            "max_sensitivity": "S1",
            "families": None,
            "enrolled_at": "2026-11-22T12:00:00.000Z",
            "not_after": None,
            "sink_key": SINK_KEY,
        }
        return status, media_type, json.dumps(said | changes).encode()

    return computed(make)
