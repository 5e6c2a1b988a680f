"""What is too old goes by `prune spool`, after a line that says so, and nothing else does."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from support.cli import run_cli
from support.client_world import (
    NOW,
    Clock,
    journal,
    names,
    new_spool,
    put,
    run_and_kill,
    stores,
    tree,
    upload,
)
from support.http_server import misbehaving_server
from vox_telemetry_client import rejected
from vox_telemetry_client.foreign import set_foreign_aside
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.spool_pruning import apply, plan
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.receipt import Receipt

KILLED = -9
OLD = NOW - timedelta(days=8)
DAY_S = 86_400
FRAGMENTS = (b"bench:", b"benchmark_event", b"metric_value", b"approved_at")


def planned(spool: Spool, *, days: float = 0) -> dict[str, str]:
    return {one.file: one.reason for one in plan(spool.folder, NOW + timedelta(days=days))}


def aged(path: Path, days: float) -> None:
    at = NOW.timestamp() - days * DAY_S
    os.utime(path, (at, at), follow_symlinks=False)


def test_pending_batches_older_than_seven_days_are_named(spool: Spool) -> None:
    (old,) = put(spool, now=OLD)
    put(spool)
    assert planned(spool) == {f"pending/{old.batch_id}.json": "pending for more than 7 days"}


def test_an_old_batch_whose_receipt_a_killed_upload_recorded_is_not_discarded(spool: Spool) -> None:
    (old,) = put(spool, now=OLD)
    receipt = Receipt(old.batch_id, old.payload_sha256, old.event_count, "2026-11-22T12:00:00Z")
    spool.receive(old.batch_id, receipt, duplicate=False)
    again = new_spool(spool.folder.root)
    assert apply(again, NOW, lambda _: None) == []
    assert [line["event"] for line in journal(again)] == ["enqueued", "acknowledged"]
    assert names(again.folder.pending) == []


def test_what_was_set_aside_is_named_after_thirty_days(spool: Spool) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, Problem())
    reason = spool.folder.rejected / f"{batch.batch_id}.problem.json"
    aged(reason, 29.9)
    assert planned(spool) == {}
    aged(reason, 30.1)
    assert planned(spool) == {f"rejected/{batch.batch_id}.json": "set aside more than 30 days ago"}
    # Another under the same id that was set aside today keeps both.
    second = spool.folder.rejected / f"{batch.batch_id}.2.problem.json"
    second.write_text("{}")
    aged(second, 0)
    assert planned(spool) == {}


def test_leftovers_are_named_after_a_day(spool: Spool) -> None:
    folder = spool.folder
    left = {
        folder.root / "state.json.4711.new": "left by a write that did not end",
        folder.rejected / "x.problem.json.12.new": "left by a write that did not end",
        folder.tmp / "whatever": "left in tmp/ for more than a day",
    }
    for path in left:
        path.write_text("x")
        aged(path, 0.9)
    assert planned(spool) == {}
    for path in left:
        aged(path, 1.1)
    (folder.root / "notes.txt").write_text("mine")
    aged(folder.root / "notes.txt", 400)
    assert planned(spool) == {
        str(path.relative_to(folder.root)): reason for path, reason in left.items()
    }


def test_foreign_files_are_named_thirty_days_after_they_were_set_aside(spool: Spool) -> None:
    (spool.folder.pending / "notes.txt").write_text("mine")
    aged(spool.folder.pending / "notes.txt", 400)
    set_foreign_aside(spool)
    (folder,) = names(spool.folder.foreign)
    assert planned(spool, days=30) == {}
    assert planned(spool, days=30.1) == {
        f"foreign/{folder}": "no batch, set aside more than 30 days ago"
    }


def test_a_plan_changes_nothing(spool: Spool) -> None:
    put(spool, now=OLD)
    before = tree(spool.folder.root)
    assert len(planned(spool)) == 1
    assert tree(spool.folder.root) == before


def test_after_pruning_no_byte_of_a_payload_is_anywhere_under_the_spool(tmp_path: Path) -> None:
    spool = new_spool(tmp_path / "spool", Clock())
    old, aside, twice = (put(spool, now=OLD)[0] for _ in range(3))
    spool.set_aside(aside.batch_id, Problem())
    spool.set_aside(twice.batch_id, Problem())
    (spool.folder.pending / f"{twice.batch_id}.json").write_bytes(twice.payload + b" ")
    (spool.folder.pending / "copy.bak").write_bytes(old.payload)
    with misbehaving_server() as server:
        upload(spool, server)
    (spool.folder.tmp / "draft").write_bytes(old.payload)
    assert any(fragment in _everything(spool) for fragment in FRAGMENTS)
    gone = []
    far = NOW + timedelta(days=400)
    assert apply(spool, far, gone.extend) == []
    assert {one.room for one in gone} == {"pending", "rejected", "tmp", "foreign"}
    assert [fragment for fragment in FRAGMENTS if fragment in _everything(spool)] == []
    assert names(spool.folder.pending) == names(spool.folder.rejected) == names(spool.folder.tmp)
    assert list(plan(spool.folder, far)) == []


def test_after_a_discard_no_byte_of_a_payload_is_anywhere_under_the_spool(spool: Spool) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, Problem())
    assert b"benchmark_event" in _everything(spool)
    rejected.discard(spool, [batch.batch_id], "test")
    assert [fragment for fragment in FRAGMENTS if fragment in _everything(spool)] == []


def test_each_deletion_stands_in_the_journal_and_receipts_stay(spool: Spool) -> None:
    put(spool)
    with misbehaving_server(then=stores()) as server:
        upload(spool, server)
    (old,) = put(spool, now=OLD)
    (spool.folder.tmp / "draft").write_text("x")
    aged(spool.folder.tmp / "draft", 2)
    before = spool.folder.journal.read_bytes()
    apply(spool, NOW, lambda _: None)
    assert spool.folder.journal.read_bytes().startswith(before)
    assert b'"receipt"' in before
    discarded, cleaned = journal(spool)[-2:]
    assert discarded["batch_ids"] == [old.batch_id]
    assert discarded["reason"] == "prune spool: pending for more than 7 days"
    assert cleaned["files"] == ["tmp/draft"]
    assert cleaned["reason"] == "prune spool: left in tmp/ for more than a day"


def test_a_pending_batch_that_goes_leaves_what_was_set_aside_under_its_id(spool: Spool) -> None:
    (old,) = put(spool, now=OLD)
    spool.set_aside(old.batch_id, Problem())
    (spool.folder.pending / f"{old.batch_id}.json").write_bytes(b"{}")
    apply(spool, NOW, lambda _: None)
    again = new_spool(spool.folder.root)
    assert list(again.pending()) == []
    assert f"{old.batch_id}.json" in names(spool.folder.rejected)


def test_many_go_in_parts(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vox_telemetry_client.spool_pruning.PRUNED_AT_ONCE_MAX_FILES", 2)
    put(spool, events=5, max_events=1, now=OLD)
    gone = []
    apply(spool, NOW, lambda part: gone.append(len(part)))
    assert gone == [2, 2, 1]
    assert names(spool.folder.pending) == []


def test_what_cannot_be_deleted_is_named_and_the_rest_goes(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vox_telemetry_client import files, spool_pruning

    first, second = put(spool, events=2, max_events=1, now=OLD)

    def refusing(path: Path) -> None:
        if first.batch_id in path.name:
            raise PermissionError(13, "Permission denied")
        files.delete(path)

    monkeypatch.setattr(spool_pruning, "delete", refusing)
    assert apply(spool, NOW, lambda _: None) == [f"pending/{first.batch_id}.json"]
    assert names(spool.folder.pending) == [f"{first.batch_id}.json"]
    assert second.batch_id not in str(names(spool.folder.pending))


@pytest.mark.parametrize(("when", "left"), [("before", 3), ("after", 0)])
def test_a_pruning_that_is_killed_is_finished_by_the_next_change(
    tmp_path: Path, when: str, left: int
) -> None:
    spool = new_spool(tmp_path / "spool")
    put(spool, events=3, max_events=1, now=OLD)
    env = {"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "spool")}
    arguments = ("prune", "spool", "apply", "--i-understand")
    place = "vox_telemetry_client.journal:Journal.append"
    killed = run_and_kill(place, when, "Discarded", *arguments, env=env, cwd=tmp_path)
    assert killed == KILLED
    assert len(list(new_spool(tmp_path / "spool").pending())) == left
    assert run_cli("vox-telemetry", *arguments, env=env, cwd=tmp_path).code == 0
    assert names(spool.folder.pending) == []


def _everything(spool: Spool) -> bytes:
    return b"".join(path.read_bytes() for path in spool.folder.root.rglob("*") if path.is_file())
