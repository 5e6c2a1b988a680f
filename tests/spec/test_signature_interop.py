"""Our half against an independent RFC 9421 implementation, both ways, on real prepared requests."""

import hashlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

from vox_telemetry_spec.digest import check_content_digest, content_digest
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.signature import check_fresh, read_signature, sign_request
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.wire import ingest_target

SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
KEY = SigningKey(SEED)
BODY = b'{"hello": "world"}'
BATCH_ID = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
COVERED = ("@method", "@authority", "@path", "content-type", "content-digest", "idempotency-key")
URLS = [
    "https://sink.example/v1/batches",
    "https://Sink.Example:443/",
    "http://127.0.0.1:8750",
    "http://[::1]:8750/v1/batches",
    "https://sink.example:8443/telemetry/%7Eops/",
]


class _Keys(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        assert key_id == KEY.public.key_id
        return Ed25519PublicKey.from_public_bytes(KEY.public.raw)

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        assert key_id == KEY.public.key_id
        return Ed25519PrivateKey.from_private_bytes(SEED)


def _prepared(url: str, **headers: str) -> requests.PreparedRequest:
    digest = b64encode(hashlib.sha256(BODY).digest()).decode()
    fields = {
        "Content-Type": "application/vnd.vox.usage-batch.v1+json",
        "Content-Digest": f"sha-256=:{digest}:",
        "Idempotency-Key": f'"{BATCH_ID}"',
    }
    return requests.Request("POST", url, headers=fields | headers, data=BODY).prepare()


def _as_the_sink_sees_it(prepared: requests.PreparedRequest) -> SignableRequest:
    assert prepared.url is not None
    parts = urlsplit(prepared.url)
    fields = {name.lower(): str(value) for name, value in prepared.headers.items()}
    return SignableRequest(
        str(prepared.method), ingest_target(prepared.url).authority, parts.path, fields
    )


def _sign_with_theirs(prepared: requests.PreparedRequest, **changes: Any) -> None:
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Keys())
    given: dict[str, Any] = {
        "key_id": KEY.public.key_id,
        "created": datetime.now(UTC),
        "nonce": "0123456789abcdef",
        "label": "theirs",
        "tag": "vox-usage-batch",
        "covered_component_ids": COVERED,
        "body": BODY,
        "use_existing_digest": True,
    }
    signer.sign(prepared, **(given | changes))


def _verify_with_theirs(prepared: requests.PreparedRequest) -> list[Any]:
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=_Keys())
    return verifier.verify(
        prepared, expect_tag="vox-usage-batch", require_components=COVERED, body=BODY
    )


@pytest.mark.parametrize("url", URLS)
def test_what_they_sign_we_accept(url: str) -> None:
    prepared = _prepared(ingest_target(url).url)
    _sign_with_theirs(prepared, expires=datetime.now(UTC) + timedelta(minutes=1))
    request = _as_the_sink_sees_it(prepared)
    presented = read_signature(
        request, request.fields["signature-input"], request.fields["signature"]
    )
    assert presented.key_id == KEY.public.key_id
    check_fresh(presented, now_s=datetime.now(UTC).timestamp())
    assert KEY.public.verifies(presented.signature, presented.base)
    check_content_digest(request.fields["content-digest"], BODY)


def test_what_they_sign_and_another_changes_we_do_not_accept() -> None:
    prepared = _prepared(URLS[0])
    _sign_with_theirs(prepared)
    prepared.headers["Idempotency-Key"] = '"017f22e2-79b0-7cc3-98c4-dc0c0c073990"'
    request = _as_the_sink_sees_it(prepared)
    presented = read_signature(
        request, request.fields["signature-input"], request.fields["signature"]
    )
    assert not KEY.public.verifies(presented.signature, presented.base)


def test_their_second_signature_with_another_tag_does_not_disturb_us() -> None:
    prepared = _prepared(URLS[0])
    _sign_with_theirs(prepared)
    _sign_with_theirs(prepared, label="proxy", tag="gateway", append_if_signature_exists=True)
    request = _as_the_sink_sees_it(prepared)
    presented = read_signature(
        request, request.fields["signature-input"], request.fields["signature"]
    )
    assert KEY.public.verifies(presented.signature, presented.base)


@pytest.mark.parametrize("coding", [None, "gzip"])
@pytest.mark.parametrize("url", URLS)
def test_what_we_sign_they_accept(url: str, coding: str | None) -> None:
    headers = {} if coding is None else {"Content-Encoding": coding}
    prepared = _prepared(ingest_target(url).url, **headers)
    assert prepared.headers["Content-Digest"] == content_digest(BODY)
    request = _as_the_sink_sees_it(prepared)
    created = int(datetime.now(UTC).timestamp())
    prepared.headers.update(sign_request(request, KEY, created=created, nonce="0123456789abcdef"))
    [result] = _verify_with_theirs(prepared)
    assert result.parameters["keyid"] == KEY.public.key_id
    assert ('"content-encoding"' in result.covered_components) is (coding is not None)


def test_what_we_sign_and_another_changes_they_do_not_accept() -> None:
    prepared = _prepared(URLS[0])
    request = _as_the_sink_sees_it(prepared)
    created = int(datetime.now(UTC).timestamp())
    prepared.headers.update(sign_request(request, KEY, created=created, nonce="0123456789abcdef"))
    prepared.headers["Content-Type"] = "text/plain"
    with pytest.raises(InvalidSignature):
        _verify_with_theirs(prepared)
