import errno
import json
import stat
from collections.abc import Iterator

import pytest

from support.client_world import QUOTA, Clock, file_size_limit, journal, names, new_spool, put, tree
from vox_telemetry_client import seen as seen_file
from vox_telemetry_client.batch import Batch
from vox_telemetry_client.errors import SpoolFullError
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.receipt import Receipt

ID = "019abcde-0000-7000-8000-00000000000{}"
AT = "2026-11-22T12:00:01.000Z"


def keep(spool: Spool, batches: list[Batch], *, max_bytes: int) -> None:
    needed_bytes = sum(len(batch.payload) for batch in batches)
    spool.put(batches, max_bytes=max_bytes, needed_bytes=needed_bytes)


def _receipt(batch: Batch) -> Receipt:
    return Receipt(batch.batch_id, batch.payload_sha256, batch.event_count, AT)


def test_a_batch_is_kept_with_its_bytes_its_digest_and_its_mode(spool: Spool) -> None:
    (batch,) = put(spool, events=3)
    path = spool.folder.pending / f"{batch.batch_id}.json"
    assert path.read_bytes() == batch.payload
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(spool.folder.tmp) == []
    assert journal(spool) == [
        {
            "event": "enqueued",
            "at": "2026-11-22T12:00:00.000Z",
            "batches": [
                {
                    "batch_id": batch.batch_id,
                    "payload_sha256": batch.payload_sha256,
                    "event_count": 3,
                    "byte_count": len(batch.payload),
                }
            ],
        }
    ]


def test_pending_is_oldest_first(spool: Spool) -> None:
    batches = put(spool, events=5, max_events=2)
    assert spool.pending() == [batch.batch_id for batch in batches]
    assert spool.approved(batches[0].batch_id) == batches[0]


def test_an_acknowledged_batch_is_gone_and_its_receipt_kept(spool: Spool) -> None:
    (batch,) = put(spool)
    spool.acknowledge(batch.batch_id, _receipt(batch), duplicate=True)
    assert spool.pending() == []
    assert journal(spool)[-1] == {
        "event": "acknowledged",
        "at": "2026-11-22T12:00:00.000Z",
        "batch_id": batch.batch_id,
        "receipt": {
            "batch_id": batch.batch_id,
            "payload_sha256": batch.payload_sha256,
            "event_count": 3,
            "received_at": AT,
            "schema": "vox.usage-receipt.v1",
        },
        "duplicate": True,
        "ended": {"events": 3, "bytes": len(batch.payload)},
    }


def test_a_batch_set_aside_lies_beside_its_problem(spool: Spool) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, Problem(title="no", status=422))
    assert spool.pending() == []
    assert (spool.folder.rejected / f"{batch.batch_id}.json").read_bytes() == batch.payload
    problem = json.loads((spool.folder.rejected / f"{batch.batch_id}.problem.json").read_bytes())
    assert problem == {"title": "no", "status": 422}
    assert journal(spool)[-1]["event"] == "rejected"


def test_nothing_that_was_set_aside_is_overwritten(spool: Spool) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, Problem(title="first"))
    (spool.folder.pending / f"{batch.batch_id}.json").write_bytes(b"smuggled")
    spool.set_aside(batch.batch_id, Problem(title="second"))
    assert names(spool.folder.rejected) == sorted(
        f"{batch.batch_id}{end}" for end in (".json", ".problem.json", ".2.json", ".2.problem.json")
    )
    assert (spool.folder.rejected / f"{batch.batch_id}.json").read_bytes() == batch.payload


def test_a_split_replaces_a_batch_by_its_halves(spool: Spool) -> None:
    (batch,) = put(spool)
    halves = [Batch(ID.format(1), b"{}", 1), Batch(ID.format(2), b"[]", 2)]
    spool.split(batch.batch_id, halves)
    assert spool.pending() == [ID.format(1), ID.format(2)]
    assert spool.approved(ID.format(2)) == halves[1]
    last = journal(spool)[-1]
    assert (last["event"], last["batch_id"]) == ("split", batch.batch_id)
    assert [half["batch_id"] for half in last["batches"]] == [ID.format(1), ID.format(2)]


def test_bytes_put_back_after_their_end_are_not_sent_again(spool: Spool) -> None:
    (batch,) = put(spool)
    spool.acknowledge(batch.batch_id, _receipt(batch), duplicate=False)
    path = spool.folder.pending / f"{batch.batch_id}.json"
    path.write_bytes(batch.payload)
    assert new_spool(spool.folder.root).pending() == []  # the journal has ended them: deleted
    path.write_bytes(b"other")
    again = new_spool(spool.folder.root)
    assert again.pending() == [batch.batch_id]
    assert again.approved(batch.batch_id) is None


def test_a_full_quota_refuses_with_advice_and_changes_nothing(spool: Spool) -> None:
    (batch,) = put(spool)
    before = tree(spool.folder.root)
    used = len(batch.payload)
    with pytest.raises(
        SpoolFullError,
        match=f"holds {used} bytes and 2 more would exceed its quota of {used + 1}: upload what is "
        r"pending, delete what was set aside \(vox-telemetry rejected discard\) or is too old \(vox-telemetry prune ",
    ):
        keep(spool, [Batch(ID.format(1), b"{}", 1)], max_bytes=used + 1)
    assert tree(spool.folder.root) == before
    keep(spool, [Batch(ID.format(1), b"{}", 1)], max_bytes=used + 2)


def test_what_was_set_aside_counts_for_the_quota(spool: Spool) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, Problem())
    with pytest.raises(SpoolFullError, match="would exceed its quota"):
        keep(spool, [Batch(ID.format(1), b"{}", 1)], max_bytes=len(batch.payload))


def test_a_full_disk_keeps_all_batches_of_a_call_or_none(spool: Spool) -> None:
    put(spool)
    before = tree(spool.folder.root)
    batches = [Batch(ID.format(1), b"x" * 100, 1), Batch(ID.format(2), b"x" * 9_000, 1)]
    with (
        file_size_limit(5_000),
        pytest.raises(SpoolFullError, match=r"no space left .* nothing was lost"),
    ):
        keep(spool, batches, max_bytes=QUOTA)
    assert tree(spool.folder.root) == before


def test_an_interrupt_midway_keeps_nothing_of_the_call(spool: Spool) -> None:
    put(spool)
    before = tree(spool.folder.root)

    def interrupted() -> Iterator[Batch]:
        yield Batch(ID.format(1), b"{}", 1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spool.put(interrupted(), max_bytes=QUOTA, needed_bytes=2)
    assert tree(spool.folder.root) == before


def test_the_memory_of_repeats_is_bounded_and_a_full_disk_there_is_no_matter(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen_file, "SEEN_MAX_BYTES", 2 * 32)
    put(spool, events=3)
    assert spool.folder.seen.stat().st_size == 64
    monkeypatch.setattr(seen_file, "replace", _no_space)
    put(spool, events=1)
    assert spool.folder.seen.stat().st_size == 96
    assert spool.enqueued_before().total() == 3


def _no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, "no space")


def test_no_room_for_the_journal_line_keeps_nothing(spool: Spool) -> None:
    put(spool)
    before = tree(spool.folder.root)
    with (
        file_size_limit(spool.folder.journal.stat().st_size + 20),
        pytest.raises(SpoolFullError, match="journal"),
    ):
        keep(spool, [Batch(ID.format(1), b"{}", 1)], max_bytes=QUOTA)
    assert tree(spool.folder.root) == before


def test_a_receipt_that_cannot_be_recorded_keeps_the_batch(spool: Spool) -> None:
    (batch,) = put(spool)
    before = tree(spool.folder.root)
    with (
        file_size_limit(spool.folder.journal.stat().st_size),
        pytest.raises(SpoolFullError, match="nothing was changed"),
    ):
        spool.acknowledge(batch.batch_id, _receipt(batch), duplicate=False)
    assert tree(spool.folder.root) == before
    spool.acknowledge(batch.batch_id, _receipt(batch), duplicate=False)
    assert spool.pending() == []


def test_what_a_dead_writer_left_is_cleaned_away(spool: Spool, clock: Clock) -> None:
    (spool.folder.tmp / f"{ID.format(1)}.json").write_bytes(b"half")
    again = new_spool(spool.folder.root, clock)
    assert again.pending() == []
    assert names(spool.folder.tmp) == []


def test_what_is_no_batch_is_left_alone(spool: Spool) -> None:
    (spool.folder.pending / "notes.txt").write_text("mine")
    (spool.folder.tmp / "notes.txt").write_text("mine")
    assert new_spool(spool.folder.root).pending() == []
    assert (spool.folder.pending / "notes.txt").exists()
    assert (spool.folder.tmp / "notes.txt").exists()
