import json
import uuid
from datetime import timedelta

import pytest

from support.client_world import NOW
from vox_telemetry_client.batch import Batch, compose_all
from vox_telemetry_spec.envelope import Producer


def _zeros(count: int) -> bytes:
    return bytes(count)


def _composed(runs: int) -> list[Batch]:
    return list(
        compose_all(
            ([{"n": number}] for number in range(runs)),
            producer=Producer("p", "1"),
            approved_at=NOW,
            random=_zeros,
        )
    )


def test_the_payload_is_the_documented_envelope() -> None:
    batch = _composed(1)[0]
    assert json.loads(batch.payload) == {
        "schema": "vox.usage-batch.v1",
        "batch_id": batch.batch_id,
        "transmission_class": "approved_usage_upload",
        "approved_at": "2026-11-22T12:00:00.000Z",
        "producer": {"name": "p", "version": "1"},
        "events": [{"n": 0}],
    }
    assert batch.event_count == 1


def test_ids_are_uuids_of_their_time_that_sort_in_the_order_of_the_runs() -> None:
    ids = [batch.batch_id for batch in _composed(4_100)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 4_100
    first = uuid.UUID(ids[0])
    assert first.version == 7
    assert first.int >> 80 == int(NOW.timestamp() * 1_000)
    assert uuid.UUID(ids[-1]).int >> 80 == int(
        (NOW + timedelta(milliseconds=1)).timestamp() * 1_000
    )


def test_the_digest_is_sha256_in_hex() -> None:
    # FIPS 180-2 appendix B.1
    batch = Batch("x", b"abc", 1)
    assert (
        batch.payload_sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert batch.approval.byte_count == 3


@pytest.mark.parametrize("payload", [b"", b"{}", b"\xff", b'{"approved_at":"yesterday"}'])
def test_bytes_without_a_time_were_approved_at_none(payload: bytes) -> None:
    assert _composed(1)[0].approved_at == NOW
    assert Batch("x", payload, 1).approved_at is None
