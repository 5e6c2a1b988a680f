import json
from typing import Any

import jsonschema_rs
import pytest

from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.receipt import Receipt, read_receipt

DOCUMENT: dict[str, Any] = {
    "schema": "vox.usage-receipt.v1",
    "batch_id": "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
    "payload_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "event_count": 251,
    "received_at": "2026-11-22T08:00:00.000Z",
}
NAMED: dict[str, Any] = {
    name: DOCUMENT[name] for name in ("batch_id", "payload_sha256", "event_count")
}
SCHEMA = json.loads(read_contract("contracts/telemetry/usage-receipt.v1.schema.json"))
DAMAGED = [
    {"schema": "vox.usage-receipt.v2"},
    {"schema": None},
    {"batch_id": DOCUMENT["batch_id"].upper()},
    {"batch_id": "017f22e2-79b0-4cc3-98c4-dc0c0c07398f"},
    {"batch_id": DOCUMENT["batch_id"] + "\n"},
    {"batch_id": 7},
    {"payload_sha256": DOCUMENT["payload_sha256"].upper()},
    {"payload_sha256": DOCUMENT["payload_sha256"][:-1]},
    {"payload_sha256": DOCUMENT["payload_sha256"] + "\n"},
    {"event_count": 0},
    {"event_count": 2001},
    {"event_count": -1},
    {"event_count": "251"},
    {"event_count": True},
    {"event_count": 251.5},
    {"received_at": "2026-11-22T08:00:00+00:00"},
    {"received_at": "yesterday"},
    {"received_at": ""},
    {"note": "thanks"},
]


def test_the_schema_is_valid_json_schema_2020_12() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_what_a_sink_writes_obeys_the_schema_and_reads_back() -> None:
    receipt = Receipt(**NAMED, received_at=DOCUMENT["received_at"])
    written = receipt.encode()
    assert json.loads(written) == DOCUMENT
    jsonschema_rs.validate(SCHEMA, json.loads(written))
    assert read_receipt(written) == receipt
    assert read_receipt(json.dumps(DOCUMENT, indent=2).encode()) == receipt


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_document_that_breaks_the_schema_is_no_receipt(damage: dict[str, Any]) -> None:
    document = DOCUMENT | damage
    assert not jsonschema_rs.is_valid(SCHEMA, document)
    assert read_receipt(json.dumps(document).encode()) is None


@pytest.mark.parametrize("name", DOCUMENT)
def test_a_receipt_with_a_member_missing_is_no_receipt(name: str) -> None:
    document = {other: value for other, value in DOCUMENT.items() if other != name}
    assert not jsonschema_rs.is_valid(SCHEMA, document)
    assert read_receipt(json.dumps(document).encode()) is None


def test_a_time_of_no_calendar_is_no_receipt() -> None:
    # JSON Schema's pattern cannot know the length of February; the reader does.
    assert (
        read_receipt(json.dumps(DOCUMENT | {"received_at": "2026-02-30T00:00:00Z"}).encode())
        is None
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b'{"schema":"\xff"}',
        b"<!doctype html><title>Sign in</title>",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        json.dumps([DOCUMENT]).encode(),
        json.dumps(DOCUMENT).encode()[:-1],
        json.dumps(DOCUMENT).encode() + b"x",
    ],
)
def test_other_answers_are_no_receipt(body: bytes) -> None:
    assert read_receipt(body) is None


def test_a_receipt_names_one_batch_its_bytes_and_its_count() -> None:
    receipt = read_receipt(json.dumps(DOCUMENT).encode())
    assert receipt is not None
    assert receipt.names(**NAMED)
    for changes in (
        {"batch_id": "017f22e2-79b0-7cc3-98c4-dc0c0c073990"},
        {"payload_sha256": "0" * 64},
        {"event_count": 250},
    ):
        assert not receipt.names(**(NAMED | changes))


def test_a_receipt_of_another_schema_names_nothing() -> None:
    receipt = Receipt(**NAMED, received_at=DOCUMENT["received_at"], schema="vox.usage-receipt.v2")
    assert not receipt.names(**NAMED)
