import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.client_world import NOW, QUOTA, batches_of, file_size_limit, new_spool, put, tree
from support.events import benchmark_event, usage_events
from vox_telemetry_client.enqueuing import draft, enqueue, keep, keep_new
from vox_telemetry_client.errors import EnqueuedMeanwhileError, SpoolFullError
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.repeats import Repeats
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.envelope import read_envelope
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.strict_json import encode


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


def test_what_another_call_enqueued_meanwhile_is_left_out_and_equal_events_are_counted(
    spool: Spool,
) -> None:
    events = [benchmark_event(metric_value=float(number)) for number in range(3)]
    one, two, three = map(encode, events)
    mark, repeats = spool.enqueue_mark(), Repeats(spool.enqueued_before())
    with draft(spool.folder, max_bytes=QUOTA) as found:
        for event in (one, one, two, three, three):
            assert not repeats.is_repeat(event)
            found.extend([event])
        enqueue(events[:2], spool, now=NOW, max_bytes=QUOTA)  # by another call
        kept = keep_new(found, spool, repeats, mark, now=NOW, max_bytes=QUOTA)
    (batch,) = batches_of(spool, *(approval.batch_id for approval in kept))
    values = [event["metric_value"] for event in json.loads(batch.payload)["events"]]
    assert (values, repeats.found) == ([0.0, 2.0, 2.0], 2)


def test_the_mark_of_an_absent_spool_changes_with_the_first_enqueue(tmp_path: Path) -> None:
    absent = Spool(Folder(tmp_path / "absent"), now=lambda: NOW)
    mark = absent.enqueue_mark()
    assert list(tmp_path.iterdir()) == []
    put(new_spool(tmp_path / "absent"))
    with draft(absent.folder, max_bytes=QUOTA) as found:
        found.extend([encode(benchmark_event())])
        with pytest.raises(EnqueuedMeanwhileError, match="other events were enqueued meanwhile"):
            keep(found, absent, now=NOW, max_bytes=QUOTA, unless_after=mark)
    assert len(batches_of(absent)) == 1
