"""A sink's answer to a request, as an independent RFC 9421 implementation takes it."""

from typing import Any

import httpx
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, MappingKeyResolver, algorithms

from vox_telemetry_spec.keys import PublicKey

LABELLED = '"signature";req;key="{}"'
COVERED = ("@status", "content-digest", "content-type")


def as_response(
    status: int, headers: Any, body: bytes, request: requests.PreparedRequest
) -> requests.Response:
    """Give the answer in the form that their verifier reads."""
    made = requests.Response()
    made.status_code = status
    made.headers.update(headers)
    made._content = body
    made.request = request
    return made


def of_httpx(answer: httpx.Response) -> requests.Response:
    """Give an answer of httpx, with its request, in that form."""
    sent = answer.request
    prepared = requests.Request(
        sent.method, str(sent.url), headers=dict(sent.headers), data=sent.content
    ).prepare()
    return as_response(answer.status_code, dict(answer.headers), answer.content, prepared)


def verify_with_theirs(
    answer: requests.Response, key: PublicKey, *, label: str = "vox"
) -> dict[str, Any]:
    """Let their verifier check a receipt's signature; give its parameters."""
    known: dict[str, Any] = {key.key_id: Ed25519PublicKey.from_public_bytes(key.raw)}
    none: dict[str, Ed25519PrivateKey] = {}
    verifier = HTTPMessageVerifier(
        signature_algorithm=algorithms.ED25519,
        key_resolver=MappingKeyResolver(public_keys=known, private_keys=none),  # type: ignore[arg-type]  # a narrower dictionary
    )
    [result] = verifier.verify(
        answer,
        expect_tag="vox-usage-receipt",
        require_components=(*COVERED, LABELLED.format(label)),
        body=answer.content,
    )
    return dict(result.parameters)
