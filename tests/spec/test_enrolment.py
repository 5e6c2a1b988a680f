import json
import traceback
from typing import Any

import pytest

from support.vectors import Vector, named, octets, vectors
from vox_telemetry_spec.enrolment import (
    EnrolmentReceipt,
    make_code,
    read_code,
    read_enrolment,
    read_enrolment_receipt,
    write_enrolment,
)
from vox_telemetry_spec.errors import EnrolmentRefusedError
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.problems import ProblemType

KEY = SigningKey(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"  # RFC 8037 appendix A.2
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # RFC 8037 appendix A.3
OLD_RECEIPT = {
    "schema": "vox.key-enrolment-receipt.v1",
    "key_id": THUMBPRINT,
    "name": "build farm",
    "max_sensitivity": "S1",
    "families": None,
    "enrolled_at": "2026-11-22T10:00:00.000Z",
    "not_after": None,
    "sink_key": None,
}
RECEIPT = OLD_RECEIPT | {"schema": "vox.key-enrolment-receipt.v2", "approved_at": None}


def test_a_code_is_100_bits_in_crockford_s_alphabet_in_groups_of_five() -> None:
    assert make_code(bytes(range(20))).shown == "01234-56789-ABCDE-FGHJK"
    assert make_code(bytes(range(236, 256))).shown == "CDEFG-HJKMN-PQRST-VWXYZ"
    assert make_code(bytes([31, 32] * 10)).shown == "Z0Z0Z-0Z0Z0-Z0Z0Z-0Z0Z0"
    for wrong in (b"", bytes(19), bytes(21)):
        with pytest.raises(ValueError, match="expected 20"):
            make_code(wrong)


def test_a_code_is_in_no_repr() -> None:
    code = make_code(bytes(range(20)))
    enrolment = read_enrolment(write_enrolment(code, KEY.public))
    for text in (repr(code), str(code), repr(enrolment)):
        assert "01234" not in text


def test_what_is_written_is_the_document_of_the_wire_spec() -> None:
    assert write_enrolment(make_code(bytes(range(20))), KEY.public) == (
        b'{"schema":"vox.key-enrolment.v1","code":"01234-56789-ABCDE-FGHJK",'
        b'"public_key":{"crv":"Ed25519","kty":"OKP","x":"' + X.encode() + b'"}}'
    )


@pytest.mark.parametrize(
    "text", ["01234-56789-abcde-fghjk", "oi2E4", "0" * 19, "0" * 21, "\u0131" * 20, "U" * 20, ""]
)
def test_a_text_that_is_no_code_is_refused_without_being_repeated(text: str) -> None:
    if text.startswith("01234"):
        assert read_code(text) == read_code("OI23456789ABCDEFGHJK") == make_code(bytes(range(20)))
        return
    with pytest.raises(EnrolmentRefusedError, match="no enrolment code") as caught:
        read_code(text)
    assert caught.value.problem is ProblemType.ENROLMENT_CODE_REFUSED
    assert not text or text not in str(caught.value)


BODY_PROBLEMS = ("body-malformed", "body-too-large")


@pytest.mark.parametrize("vector", vectors("enrolment"), ids=named)
def test_the_body_of_a_vector(vector: Vector) -> None:
    """Only what the body decides; tests/sink/test_vectors.py runs all of the steps."""
    body, problem = octets(vector["request"]["body"]), vector["expected"].get("problem")
    if problem in BODY_PROBLEMS:
        with pytest.raises(EnrolmentRefusedError) as caught:
            read_enrolment(body)
        assert caught.value.problem.slug == problem
        assert "0A1B2" not in "".join(traceback.format_exception(caught.value))
        return
    if vector["result"] == "valid":
        read = read_enrolment(body)
        assert read.key.key_id == vector["expected"]["keyid"]
        assert read_code(read.code).sha256.hex() == vector["expected"]["code_sha256"]
    if "ClientOrder" in vector["flags"]:
        assert write_enrolment(read_code(vector["code"]), read.key) == body


def receipt(**changes: Any) -> EnrolmentReceipt | None:
    return read_enrolment_receipt(json.dumps(RECEIPT | changes).encode())


def test_a_receipt_reads_as_it_was_written() -> None:
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": X}
    full = RECEIPT | {
        "max_sensitivity": "S2",
        "families": ["benchmark", "mcp_surface_s2"],
        "not_after": "2027-01-01T00:00:00Z",
        "sink_key": jwk,
        "approved_at": "2026-11-23T00:00:00Z",
    }
    for document in (RECEIPT, full):
        read = read_enrolment_receipt(json.dumps(document).encode())
        assert read is not None
        assert json.loads(read.encode()) == document
    assert receipt(sink_key=jwk).sink_key.read().key_id == THUMBPRINT


@pytest.mark.parametrize(
    ("document", "member"),
    [(document, member) for document in (RECEIPT, OLD_RECEIPT) for member in document],
)
def test_a_receipt_lacks_no_member(document: dict[str, Any], member: str) -> None:
    fewer = {name: value for name, value in document.items() if name != member}
    assert read_enrolment_receipt(json.dumps(fewer).encode()) is None


def test_a_receipt_from_before_approval_is_read_as_of_a_key_that_does_not_wait() -> None:
    read = read_enrolment_receipt(json.dumps(OLD_RECEIPT).encode())
    assert read is not None
    assert json.loads(read.encode()) == RECEIPT | {"approved_at": "2026-11-22T10:00:00.000Z"}


@pytest.mark.parametrize("approved_at", [None, "2026-11-23T00:00:00.000Z"])
def test_a_client_from_before_approval_gets_the_document_it_knows(approved_at: str | None) -> None:
    read = receipt(approved_at=approved_at)
    assert read is not None
    assert read.encode_old() == json.dumps(OLD_RECEIPT, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"approved_at": None},
        {"approved_at": "2026-11-22T10:00:00.000Z"},
        {"schema": "vox.key-enrolment-receipt.v0"},
        {"enrolled_at": "today"},
    ],
    ids=str,
)
def test_the_document_from_before_approval_is_closed_as_it_was(changes: dict[str, Any]) -> None:
    assert read_enrolment_receipt(json.dumps(OLD_RECEIPT | changes).encode()) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "vox.key-enrolment-receipt.v1"},
        {"schema": "vox.key-enrolment-receipt.v3"},
        {"key_id": THUMBPRINT[:-1]},
        {"key_id": THUMBPRINT + "\n"},
        {"name": ""},
        {"name": "n" * 129},
        {"name": "\u001b[2J"},
        {"name": "a\u202eb"},
        {"max_sensitivity": "S3"},
        {"max_sensitivity": None},
        {"families": []},
        {"families": ["Bench mark"]},
        {"families": ["f"] * 65},
        {"families": "benchmark"},
        {"enrolled_at": "today"},
        {"enrolled_at": None},
        {"not_after": "2026-02-30T00:00:00Z"},
        {"not_after": ""},
        {"approved_at": "2026-02-30T00:00:00Z"},
        {"approved_at": ""},
        {"approved_at": False},
        {"sink_key": {"crv": "Ed25519", "kty": "OKP", "x": "AQ" + "A" * 41}},
        {"sink_key": {"crv": "X25519", "kty": "OKP", "x": X}},
        {"note": 1},
    ],
    ids=str,
)
def test_what_breaks_the_receipt_is_no_receipt(changes: dict[str, Any]) -> None:
    assert receipt(**changes) is None


@pytest.mark.parametrize(
    "body", [b"", b"<html>Sign in</html>", b"[]", b"null", b'{"schema":1,"schema":2}', b"\xff"]
)
def test_a_login_page_enrols_nobody(body: bytes) -> None:
    assert read_enrolment_receipt(body) is None
