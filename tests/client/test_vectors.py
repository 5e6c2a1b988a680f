"""The client against the contract's vectors: its signatures byte for byte, its judge on answers."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.vectors import Vector, named, octets, vector_file, vectors
from vox_telemetry_client.batch import Batch
from vox_telemetry_client.check import Check, Rules
from vox_telemetry_client.delivery import Answer, Sent, Verdict, judge
from vox_telemetry_client.signing import signed_headers
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.limits import ANSWER_MAX_BYTES
from vox_telemetry_spec.signature import sign_request
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.wire import IngestTarget

KEYS = {
    key["name"]: SigningKey(bytes.fromhex(key["seed"])) for key in vector_file("signature")["keys"]
}
SIGNED = [one for one in vectors("signature") if "ClientOrder" in one["flags"]]
# Our client sends no coding; others may.
PLAIN = [one for one in SIGNED if "content-encoding" not in dict(one["request"]["headers"])]


@pytest.mark.parametrize("vector", SIGNED, ids=named)
def test_our_signature_is_the_vector_s_byte_for_byte(vector: Vector) -> None:
    sent, signing = vector["request"], vector["signing"]
    headers = dict(sent["headers"])
    theirs = {name: headers.pop(name) for name in ("signature-input", "signature")}
    request = SignableRequest(sent["method"], sent["authority"], sent["path"], headers)
    key = KEYS[signing["key"]]
    ours = sign_request(request, key, created=signing["created"], nonce=signing["nonce"])
    assert ours == theirs


@pytest.mark.parametrize("vector", PLAIN, ids=named)
def test_our_headers_are_the_vector_s(vector: Vector) -> None:
    sent, signing = vector["request"], vector["signing"]
    expected = dict(sent["headers"])
    target = IngestTarget("https://unused", sent["authority"], sent["path"])
    batch = Batch(expected["idempotency-key"].strip('"'), octets(sent["body"]), 1)
    ours = signed_headers(
        batch, target, KEYS[signing["key"]], created=signing["created"], nonce=signing["nonce"]
    )
    assert {
        name: value for name, value in ours.items() if not name.startswith("accept")
    } == expected


@pytest.mark.parametrize("vector", vectors("receipt"), ids=named)
def test_a_receipt_vector(vector: Vector) -> None:
    verdict = judged(vector)
    assert verdict.duty == vector["expected"]["duty"]
    if vector["result"] == "valid":
        assert verdict.duplicate == vector["expected"]["duplicate"]


@pytest.mark.parametrize("vector", vectors("duty"), ids=named)
def test_a_duty_vector(vector: Vector) -> None:
    verdict = judged(vector, vector["now"])
    found = {"duty": verdict.duty, "retry_after_s": verdict.retry_after_s}
    assert found == vector["expected"]


def test_the_forbidden_vectors_in_one_file_of_events(tmp_path: Path) -> None:
    cases = vectors("forbidden")
    events = tmp_path / "events.jsonl"
    events.write_text("".join(f"{json.dumps(one['event'])}\n" for one in cases), encoding="ascii")
    now = datetime(2026, 11, 22, 10, tzinfo=UTC)
    checked = Check(Rules(Checker.load(), now)).inputs([str(events)])
    found = {
        (one.event, one.pointer, one.rule)
        for one in checked.refused
        if not one.rule.startswith(("contract.", "time."))
    }
    for index, case in enumerate(cases):
        here = {(pointer, rule) for event, pointer, rule in found if event == index}
        assert bool(here) == (case["result"] == "invalid"), named(case)
        for place in case.get("expected", {"refused": []})["refused"]:
            rule = place.get("rule")
            assert any(rule in (None, other) for at, other in here if at == place["pointer"])


def judged(vector: Vector, now_s: float = 0) -> Verdict:
    """Judge an answer as `transport` hands it over: without a body that is too long or coded."""
    body = octets(vector["body"])
    unread = len(body) > ANSWER_MAX_BYTES or "content-encoding" in vector["headers"]
    answer = Answer(vector["status"], vector["headers"], None if unread else body)
    return judge(answer, Sent(**vector["sent"]), now=datetime.fromtimestamp(now_s, UTC))
