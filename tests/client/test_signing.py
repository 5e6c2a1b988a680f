import pytest

from support.client_world import SEED
from vox_telemetry_client.batch import Batch
from vox_telemetry_client.signing import authorization, signed_headers, unsigned_headers
from vox_telemetry_spec.digest import check_content_digest
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.signature import read_signature
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.wire import ingest_target

BATCH = Batch("019abcde-0000-7000-8000-000000000001", b'{"hello": "world"}\n', 1)
TARGET = ingest_target("https://sink.example:8443")
NONCE = "0123456789abcdef"


def test_the_headers_say_what_the_body_is() -> None:
    assert unsigned_headers(BATCH) == {
        "accept": "application/vnd.vox.usage-receipt.v1+json, application/problem+json",
        "accept-encoding": "identity",
        "content-type": "application/vnd.vox.usage-batch.v1+json",
        # RFC 9530 appendix B.1, the same body
        "content-digest": "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
        "idempotency-key": '"019abcde-0000-7000-8000-000000000001"',
    }


def test_the_sink_half_of_the_contract_verifies_the_request() -> None:
    key = SigningKey(SEED)
    headers = signed_headers(BATCH, TARGET, key, created=1_800_000_000, nonce=NONCE)
    request = SignableRequest("POST", "sink.example:8443", "/v1/batches", headers)
    presented = read_signature(request, headers["signature-input"], headers["signature"])
    assert (presented.key_id, presented.created) == (key.public.key_id, 1_800_000_000)
    assert key.public.verifies(presented.signature, presented.base)
    check_content_digest(headers["content-digest"], BATCH.payload)
    for part in (
        "@method",
        "@authority",
        "@path",
        "content-type",
        "content-digest",
        "idempotency-key",
    ):
        assert f'"{part}"' in headers["signature-input"]


def test_another_time_or_nonce_is_another_signature() -> None:
    made = [
        signed_headers(BATCH, TARGET, SigningKey(SEED), created=created, nonce=nonce)["signature"]
        for created, nonce in ((1, NONCE), (2, NONCE), (1, NONCE[::-1]))
    ]
    assert len(set(made)) == 3


@pytest.mark.parametrize(
    ("token", "expected"), [(None, {}), ("abc", {"authorization": "Bearer abc"})]
)
def test_the_token_is_a_bearer_token(token: str | None, expected: dict[str, str]) -> None:
    assert authorization(token) == expected
