"""Receipts of one upload share an fsync: a line each at once, and no file goes before it is durable."""

import errno
import os
from datetime import timedelta

import pytest

from support.client_world import NOW, Clock, journal, names, new_spool, put, stores, upload
from support.http_server import misbehaving_server
from vox_telemetry_client import spool_changes
from vox_telemetry_client.batch import Batch
from vox_telemetry_client.errors import SpoolError, SpoolFullError
from vox_telemetry_client.journal import Journal
from vox_telemetry_client.journal_lines import Attempt, Line
from vox_telemetry_client.overview import look
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.receipt import Receipt

AT = "2026-11-22T12:00:00.000Z"


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the fsyncs of files and the deletions from now on, in their order."""
    seen: list[str] = []
    fsync, unlink = os.fsync, os.unlink

    def synced(descriptor: int) -> None:
        seen.append("fsync " + os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))  # noqa: PTH115, PTH119 -- of a number
        fsync(descriptor)

    def unlinked(path: str, *args: object, **kwargs: object) -> None:
        seen.append("unlink")
        unlink(path, *args, **kwargs)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "unlink", unlinked)
    return seen


def receive(spool: Spool, batch: Batch) -> None:
    receipt = Receipt(batch.batch_id, batch.payload_sha256, batch.event_count, AT)
    attempt = Attempt(AT, batch.batch_id, "acknowledge", 201)
    spool.receive(batch.batch_id, receipt, duplicate=False, attempt=(attempt,))


def test_lines_are_written_at_once_and_files_go_after_one_fsync(
    spool: Spool, steps: list[str]
) -> None:
    batches = put(spool, events=3, max_events=1)
    steps.clear()
    for number, batch in enumerate(batches, 1):
        receive(spool, batch)
        events = [line["event"] for line in journal(spool)[1:]]
        assert events == ["attempt", "acknowledged"] * number
    assert (len(names(spool.folder.pending)), steps) == (3, [])
    spool.finish_received()
    assert steps == ["fsync journal.jsonl", *["unlink"] * 3, "fsync pending"]
    assert names(spool.folder.pending) == []
    steps.clear()
    spool.finish_received()
    assert steps == []


def test_they_go_when_there_are_many(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_changes, "RECEIVED_MAX_BATCHES", 2)
    left = []
    for batch in put(spool, events=5, max_events=1):
        receive(spool, batch)
        left.append(len(names(spool.folder.pending)))
    assert left == [5, 3, 3, 1, 1]


def test_they_go_after_a_second(spool: Spool, clock: Clock) -> None:
    spool = Spool(spool.folder, now=clock.now)
    first, second = put(spool, events=2, max_events=1)
    receive(spool, first)
    clock.moment += timedelta(seconds=1)
    receive(spool, second)
    assert names(spool.folder.pending) == []


def test_any_other_change_finishes_them_first(spool: Spool) -> None:
    first, second = put(spool, events=2, max_events=1)
    receive(spool, first)
    spool.attempted(second.batch_id, "retry", 503)
    assert names(spool.folder.pending) == [f"{second.batch_id}.json"]


def test_bytes_put_in_the_place_of_one_stay(spool: Spool) -> None:
    (batch,) = put(spool)
    receive(spool, batch)
    path = spool.folder.pending / f"{batch.batch_id}.json"
    path.write_bytes(b"other")
    spool.finish_received()
    assert path.read_bytes() == b"other"


def test_nothing_is_deleted_while_the_lines_cannot_be_made_durable(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (batch,) = put(spool)
    receive(spool, batch)

    def failing(_: int) -> None:
        raise OSError(errno.EIO, "no")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing)
        with pytest.raises(SpoolError, match="cannot be written"):
            spool.finish_received()
    assert names(spool.folder.pending) == [f"{batch.batch_id}.json"]
    spool.finish_received()
    assert names(spool.folder.pending) == []


def test_a_full_disk_is_first_given_the_room_of_what_was_received(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = put(spool, events=2, max_events=1)
    receive(spool, first)
    real = Journal.append

    def append(journal: Journal, *lines: Line, synced: bool = True) -> None:
        if names(spool.folder.pending)[0] == f"{first.batch_id}.json":
            raise SpoolFullError("no space")
        real(journal, *lines, synced=synced)

    monkeypatch.setattr(Journal, "append", append)
    receive(spool, second)
    spool.finish_received()
    assert names(spool.folder.pending) == []


def test_a_killed_uploaders_receipts_are_finished_by_the_next_change(
    spool: Spool, steps: list[str]
) -> None:
    batches = put(spool, events=4, max_events=1)
    for batch in batches[:3]:
        receive(spool, batch)
    again = new_spool(spool.folder.root)  # the first never deletes what it has received
    steps.clear()
    again.finish()
    assert steps == ["fsync journal.jsonl", *["unlink"] * 3, "fsync pending"]
    assert names(spool.folder.pending) == [f"{batches[3].batch_id}.json"]
    found = look(again.folder, NOW)
    assert (found.pending.count, found.missing.count, found.unapproved.count) == (1, 0, 0)


def test_an_upload_without_a_pause_syncs_once_for_all(spool: Spool, steps: list[str]) -> None:
    put(spool, events=5, max_events=1)
    steps.clear()
    with misbehaving_server(then=stores()) as server:
        report = upload(spool, server)
    assert report.totals["acknowledged"] == 5
    assert steps == ["fsync journal.jsonl", *["unlink"] * 5, "fsync pending"]
