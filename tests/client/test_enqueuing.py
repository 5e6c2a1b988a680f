import json
from datetime import UTC, datetime

import pytest

from support.client_world import NOW, QUOTA, batches_of, file_size_limit, put, tree
from support.events import benchmark_event, usage_events
from vox_telemetry_client.enqueuing import enqueue
from vox_telemetry_client.errors import SpoolFullError
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.envelope import read_envelope
from vox_telemetry_spec.registry import Registry


def test_a_batch_is_well_formed_by_the_contract(spool: Spool) -> None:
    (batch,) = put(spool, events=3)
    envelope = read_envelope(batch.payload, Contracts(Registry.load()))
    assert (envelope.batch_id, envelope.approved_at, len(envelope.events)) == (
        batch.batch_id,
        NOW,
        3,
    )
    assert envelope.producer.name == "vox-telemetry"


def test_8828_events_in_one_call_make_the_fewest_batches_of_2000_events_and_a_mebibyte(
    spool: Spool,
) -> None:
    events = usage_events()
    enqueue(events, spool, now=datetime.now(UTC), max_bytes=QUOTA)
    batches = batches_of(spool)
    payloads = [json.loads(batch.payload) for batch in batches]
    assert [event for payload in payloads for event in payload["events"]] == events
    assert max(len(payload["events"]) for payload in payloads) == 2_000
    assert max(len(batch.payload) for batch in batches) <= 1_048_576
    assert len(events) == 8_828
    assert len(batches) == 5 == -(-8_828 // 2_000)


def test_bytes_end_a_batch_before_events_do(spool: Spool) -> None:
    wide = {f"m{number:060}": "x" * 128 for number in range(30)}
    enqueue([benchmark_event(details=wide)] * 400, spool, now=NOW, max_bytes=QUOTA)
    batches = batches_of(spool)
    assert len(batches) == 3
    sizes = [len(batch.payload) for batch in batches]
    assert max(sizes) <= 1_048_576
    assert sizes[0] + len(batches[0].payload) // batches[0].event_count > 1_048_576


def test_the_operator_may_want_smaller_batches_but_not_larger_ones(spool: Spool) -> None:
    events = [benchmark_event()] * 2_001
    assert len(enqueue(events, spool, now=NOW, max_bytes=QUOTA, max_events=1_000)) == 3
    assert len(enqueue(events, spool, now=NOW, max_bytes=QUOTA, max_events=9_999)) == 2


def test_case_12_a_full_quota_evicts_nothing_says_what_is_needed_and_writes_nothing(
    spool: Spool,
) -> None:
    (batch,) = put(spool)
    before = tree(spool.folder.root)
    with pytest.raises(
        SpoolFullError, match=r"holds \d+ bytes .* quota of 5000: upload"
    ) as refused:
        enqueue([benchmark_event()] * 100, spool, now=NOW, max_bytes=5_000, max_events=10)
    assert tree(spool.folder.root) == before
    needed = int(str(refused.value).rpartition("VOX_TELEMETRY_SPOOL_MAX_BYTES to ")[2].split()[0])
    with pytest.raises(SpoolFullError):
        enqueue([benchmark_event()] * 100, spool, now=NOW, max_bytes=needed - 1, max_events=10)
    assert tree(spool.folder.root) == before
    enqueue([benchmark_event()] * 100, spool, now=NOW, max_bytes=needed, max_events=10)
    assert spool.approved(batch.batch_id) == batch


def test_case_8_a_disk_that_fills_up_midway_keeps_nothing_of_the_call(spool: Spool) -> None:
    put(spool)
    before = tree(spool.folder.root)
    events = [benchmark_event(), *[benchmark_event(name="x" * 128)] * 50]
    with file_size_limit(5_000), pytest.raises(SpoolFullError, match="nothing was lost"):
        enqueue(events, spool, now=NOW, max_bytes=QUOTA, max_events=30)
    assert tree(spool.folder.root) == before


def test_events_that_cannot_all_be_read_are_kept_not_at_all(spool: Spool) -> None:
    put(spool)
    before = tree(spool.folder.root)
    with pytest.raises(ZeroDivisionError):
        enqueue(({"n": 1 // (5 - n)} for n in range(9)), spool, now=NOW, max_bytes=QUOTA)
    assert tree(spool.folder.root) == before
