"""Signed receipts (wire 13): the vectors, an independent implementation, and a hand-made base."""

import hashlib
import time
from base64 import b64decode, b64encode

import pytest
import requests
from http_message_signatures import InvalidSignature

from support.receipts import as_response, verify_with_theirs
from support.vectors import Vector, named, octets, vector_file, vectors
from vox_telemetry_spec.errors import SignatureRefusedError
from vox_telemetry_spec.keys import PublicKey, SigningKey
from vox_telemetry_spec.receipt_signature import (
    SignedReceipt,
    check_receipt,
    receipt_key_id,
    sign_receipt,
    signed_receipt,
)

KEYS = {
    one["name"]: SigningKey(bytes.fromhex(one["seed"]))
    for one in vector_file("receipt-signature")["keys"]
}
PINNED = {
    key.public.key_id: key.public
    for key in KEYS.values()
    if key.public.key_id in vector_file("receipt-signature")["pinned"]
}
RECEIPTS = vectors("receipt-signature")
SINK_ORDER = [one for one in RECEIPTS if "SinkOrder" in one["flags"]]
KEY = KEYS["sink"]
BODY = b'{"batch_id":"x"}'
REQUEST = {"signature": "vox=:YWJj:"}


def answer_of(vector: Vector) -> SignedReceipt:
    request = dict(vector["request"]["headers"])
    return signed_receipt(vector["status"], vector["headers"], octets(vector["body"]), request)


@pytest.mark.parametrize("vector", RECEIPTS, ids=named)
def test_a_vector(vector: Vector) -> None:
    if vector["result"] == "valid":
        answer = answer_of(vector)
        check_receipt(answer, PINNED)
        assert receipt_key_id(answer) == vector["expected"]["keyid"]
        return
    with pytest.raises(SignatureRefusedError) as caught:
        check_receipt(answer_of(vector), PINNED)
    assert caught.value.problem.slug == vector["expected"]["problem"]


@pytest.mark.parametrize("vector", SINK_ORDER, ids=named)
def test_our_signature_is_the_vector_s_byte_for_byte(vector: Vector) -> None:
    signing, request = vector["signing"], answer_of(vector).request_signature
    made = sign_receipt(
        octets(vector["body"]),
        vector["status"],
        ("vox", _bytes(request)),
        KEYS[signing["key"]],
        created=signing["created"],
    )
    assert {name: vector["headers"][name] for name in made} == made


def _bytes(sequence: str) -> bytes:
    return b64decode(sequence.strip(":"))


def test_the_base_is_that_of_rfc_9421_section_2_4_by_hand() -> None:
    made = sign_receipt(BODY, 201, ("sig1", b"abc"), KEY, created=7)
    digest = b64encode(hashlib.sha256(BODY).digest()).decode()
    params = made["signature-input"].removeprefix("vox=")
    base = (
        '"@status": 201\n'
        f'"content-digest": sha-256=:{digest}:\n'
        '"content-type": application/vnd.vox.usage-receipt.v1+json\n'
        '"signature";req;key="sig1": :YWJj:\n'
        f'"@signature-params": {params}'
    )
    signature = _bytes(made["signature"].removeprefix("vox="))
    assert KEY.public.verifies(signature, base.encode())


def _response(status: int = 201) -> requests.Response:
    fields = {"content-type": "application/vnd.vox.usage-receipt.v1+json"}
    fields |= sign_receipt(BODY, 201, ("vox", b"abc"), KEY, created=1_795_341_600)
    request = requests.Request("POST", "https://sink.example/v1/batches", headers=REQUEST).prepare()
    return as_response(status, fields, BODY, request)


def test_what_we_sign_they_accept() -> None:
    response = _response()
    response.headers.update(sign_receipt(BODY, 201, ("vox", b"abc"), KEY, created=_now()))
    assert verify_with_theirs(response, KEY.public)["keyid"] == KEY.public.key_id


def test_what_we_sign_and_another_changes_they_do_not_accept() -> None:
    response = _response(200)
    response.headers.update(sign_receipt(BODY, 201, ("vox", b"abc"), KEY, created=_now()))
    with pytest.raises(InvalidSignature):
        verify_with_theirs(response, KEY.public)


def _now() -> int:
    return int(time.time())


def test_a_key_that_is_not_pinned_is_told_from_a_signature_that_does_not_verify() -> None:
    fields = {"content-type": "application/vnd.vox.usage-receipt.v1+json"}
    fields |= sign_receipt(BODY, 201, ("vox", b"abc"), KEY, created=1)
    answer = signed_receipt(201, fields, BODY, REQUEST)
    check_receipt(answer, {KEY.public.key_id: KEY.public})
    with pytest.raises(SignatureRefusedError, match="signed with another key than the pinned one"):
        check_receipt(answer, {})
    other: PublicKey = KEYS["other sink"].public
    with pytest.raises(SignatureRefusedError, match="does not verify"):
        check_receipt(answer, {KEY.public.key_id: other})


def test_a_body_that_is_not_utf_8_is_no_receipt() -> None:
    with pytest.raises(SignatureRefusedError, match="not UTF-8"):
        signed_receipt(201, {}, b"\xff", REQUEST)
