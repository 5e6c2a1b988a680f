"""The sink against the contract's vectors: verify on signatures, enforce on batches and rules."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from support.uploads import MEDIA_TYPE, new_key
from support.vectors import Vector, named, octets, vector_file, vectors
from vox_telemetry_sink.enforce import Accepted, enforce
from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.prove import prove
from vox_telemetry_sink.receive import combined_fields
from vox_telemetry_sink.unpack import unpack
from vox_telemetry_sink.verify import EnrolledKey, Received, Verified, read_claim, verify
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.digest import content_digest
from vox_telemetry_spec.enrolment import read_code
from vox_telemetry_spec.errors import EnrolmentRefusedError
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.signature import sign_request
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.taxonomy import SensitivityClass

CHECKER = Checker.load()
KEY = new_key()
LONG_AGO, NEVER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
# A text with a space is refused by the contract, whatever the rules say of it.
OTHER_RULES = ("contract.", "time.")


def enrolled() -> dict[str, EnrolledKey]:
    keys = [
        (PublicKey.from_jwk(json.dumps(key["jwk"]).encode()), key)
        for key in vector_file("signature")["keys"]
        if key["state"] != "unknown"
    ]
    return {
        public.key_id: EnrolledKey(
            public,
            key["name"],
            SensitivityClass.S1,
            is_revoked=key["state"] == "revoked",
            not_before=NEVER if key["state"] == "not-yet-valid" else None,
            not_after=LONG_AGO if key["state"] == "expired" else None,
            is_waiting=key["state"] == "waiting",
        )
        for public, key in keys
    }


def verified(vector: Vector) -> Verified:
    sent = vector["request"]
    fields = combined_fields((name.encode(), value.encode()) for name, value in sent["headers"])
    request = SignableRequest(sent["method"], sent["authority"], sent["path"], fields)
    received = Received(request, fields.get("content-encoding"), octets(sent["body"]))
    claim = read_claim(received)
    now = datetime.fromtimestamp(vector["now"], UTC)
    return verify(received, claim, enrolled().get(claim.key_id), now=now)


@pytest.mark.parametrize("vector", vectors("signature"), ids=named)
def test_a_signature_vector(vector: Vector) -> None:
    expected = vector["expected"]
    if vector["result"] == "invalid":
        with pytest.raises(RefusalError) as caught:
            verified(vector)
        assert caught.value.problem.slug == expected["problem"]
        return
    proof = verified(vector)
    assert proof.key.public.key_id == expected["keyid"]
    assert read_claim(proof.received).base.decode() == expected["base"]
    assert hashlib.sha256(unpack(proof)).hexdigest() == expected["payload_sha256"]


@pytest.mark.parametrize("vector", vectors("enrolment"), ids=named)
def test_an_enrolment_vector(vector: Vector) -> None:
    sent, expected = vector["request"], vector["expected"]
    fields = combined_fields((name.encode(), value.encode()) for name, value in sent["headers"])
    request = SignableRequest(sent["method"], sent["authority"], sent["path"], fields)
    received = Received(request, None, octets(sent["body"]))
    now = datetime.fromtimestamp(vector["now"], UTC)
    if vector["result"] == "valid":
        enrolment = prove(received, now=now)
        assert enrolment.key.key_id == expected["keyid"]
        sha256 = read_code(enrolment.code).sha256.hex()
        assert sha256 == expected["code_sha256"]
        assert sha256 in vector_file("enrolment")["codes_sha256"]
    elif expected["problem"] == "enrolment-code-refused":
        presented = prove(received, now=now).code
        assert code_or_none(presented) not in vector_file("enrolment")["codes_sha256"]
    else:
        with pytest.raises(RefusalError) as caught:
            prove(received, now=now)
        assert caught.value.problem.slug == expected["problem"]
        assert bool(caught.value.sink_time) is (expected["problem"] == "signature-stale")


def code_or_none(presented: str) -> str | None:
    try:
        return read_code(presented).sha256.hex()
    except EnrolmentRefusedError:
        return None


def enforced(payload: bytes, idempotency_key: str, now_s: float) -> Accepted:
    fields = {
        "content-type": MEDIA_TYPE,
        "content-digest": content_digest(payload),
        "idempotency-key": idempotency_key,
    }
    request = SignableRequest("POST", "sink.example", "/v1/batches", fields)
    signature = sign_request(request, KEY, created=int(now_s), nonce="0123456789abcdef")
    signed = SignableRequest(request.method, request.authority, request.path, fields | signature)
    received = Received(signed, None, payload)
    key = EnrolledKey(KEY.public, "test", SensitivityClass.S1, is_revoked=False)
    now = datetime.fromtimestamp(now_s, UTC)
    return enforce(verify(received, read_claim(received), key, now=now), payload, CHECKER, now=now)


def listed(refusal: RefusalError) -> list[dict[str, Any]]:
    return [
        {"event": one.event, "pointer": one.pointer, "rule": one.rule} for one in refusal.violations
    ]


@pytest.mark.parametrize("vector", vectors("batch"), ids=named)
def test_a_batch_vector(vector: Vector) -> None:
    payload, expected = octets(vector["payload"]), vector["expected"]
    if vector["result"] == "invalid":
        with pytest.raises(RefusalError) as caught:
            enforced(payload, vector["idempotency_key"], vector["now"])
        assert caught.value.problem.slug == expected["problem"]
        assert listed(caught.value) == expected["violations"]
        return
    accepted = enforced(payload, vector["idempotency_key"], vector["now"])
    assert len(accepted.events.families) == expected["event_count"]
    assert accepted.payload_sha256.hex() == expected["payload_sha256"]


@pytest.mark.parametrize("vector", vectors("forbidden"), ids=named)
def test_a_forbidden_vector(vector: Vector) -> None:
    envelope = json.loads(octets(vectors("batch")[0]["payload"]))
    payload = json.dumps(envelope | {"events": [vector["event"]]}).encode()
    try:
        enforced(payload, f'"{envelope["batch_id"]}"', vectors("batch")[0]["now"])
        found = []
    except RefusalError as refusal:
        found = listed(refusal)
    forbidden = [one for one in found if not one["rule"].startswith(OTHER_RULES)]
    expected = vector["expected"]["refused"] if vector["result"] == "invalid" else []
    assert bool(forbidden) == bool(expected)
    for place in expected:
        assert any(place.items() <= one.items() for one in forbidden), forbidden
