"""What was set aside is listed, shown, put back or deleted, also when a crash comes between."""

from pathlib import Path

import pytest

from support.cli import run_cli
from support.client_world import (
    journal,
    names,
    new_spool,
    problem,
    put,
    run_and_kill,
    stores,
    tree,
    upload,
)
from support.http_server import misbehaving_server
from vox_telemetry_client import rejected
from vox_telemetry_client.errors import BatchUnknownError
from vox_telemetry_client.set_aside import copies_after
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem

KILLED = -9
REFUSED = Problem(type="urn:x", title="refused", status=422)
APPEND = "vox_telemetry_client.journal:Journal.append"


def test_what_was_set_aside_is_listed_with_its_events_and_bytes(spool: Spool) -> None:
    first, second = put(spool, events=5, max_events=3)
    for batch in (second, first):
        spool.set_aside(batch.batch_id, REFUSED)
    found = list(rejected.listed(spool.folder))
    assert [one.copy.stem for one in found] == [first.batch_id, second.batch_id]
    assert [(one.events, one.payload) for one in found] == [(3, first.payload), (2, second.payload)]
    assert [one.problem for one in found] == [REFUSED] * 2
    assert all(one.is_refused_for_content for one in found)
    assert all(one.at is not None for one in found)


def test_a_second_batch_set_aside_under_one_id_is_listed_and_shown(spool: Spool) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, REFUSED)
    put(spool)
    (spool.folder.pending / f"{batch.batch_id}.json").write_bytes(b"{}")
    with misbehaving_server(then=stores()) as server:
        upload(spool, server)
    assert batch.payload not in [request.body for request in server.requests]
    stems = [one.copy.stem for one in rejected.listed(spool.folder)]
    assert stems == [batch.batch_id, f"{batch.batch_id}.2"]
    second = rejected.find(spool.folder, f"{batch.batch_id}.2")
    assert (second.payload, second.events) == (b"{}", None)
    assert second.problem is not None
    assert second.problem.detail == "its SHA-256 is not the one in the journal"
    assert rejected.find(spool.folder, batch.batch_id).payload == batch.payload
    # The approved one goes back, the other stays.
    (tried,) = rejected.retry(spool, [batch.batch_id])
    assert tried.batch == batch
    assert [one.copy.stem for one in rejected.listed(spool.folder)] == [f"{batch.batch_id}.2"]


def test_a_retried_batch_keeps_its_id_so_that_the_sink_can_tell_a_duplicate(spool: Spool) -> None:
    (batch,) = put(spool)
    with misbehaving_server(problem(422, "contract-refused"), then=stores(200)) as server:
        upload(spool, server)
        assert names(spool.folder.pending) == []
        (tried,) = rejected.retry(spool, [batch.batch_id])
        assert tried.is_refused_for_content
        assert names(spool.folder.rejected) == []
        assert upload(spool, server).totals["duplicate"] == 1
    assert [request.body for request in server.requests] == [batch.payload] * 2
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert keys == [keys[0]] * 2
    line = next(line for line in journal(spool) if line["event"] == "retried")
    assert line["batches"] == [
        {
            "batch_id": batch.batch_id,
            "payload_sha256": batch.payload_sha256,
            "event_count": 3,
            "byte_count": len(batch.payload),
        }
    ]
    assert names(spool.folder.pending) == names(spool.folder.rejected) == []


def test_a_retried_batch_can_be_refused_and_retried_again(spool: Spool) -> None:
    (batch,) = put(spool)
    with misbehaving_server(then=problem(422, "contract-refused")) as server:
        for _ in range(3):
            upload(spool, server)
            assert rejected.retry(spool, [batch.batch_id])[0].batch is not None
    assert len(server.requests) == 3
    assert names(spool.folder.pending) == [f"{batch.batch_id}.json"]


def test_only_the_approved_bytes_are_put_back(spool: Spool) -> None:
    changed, unknown = put(spool, events=2, max_events=1)
    spool.set_aside(changed.batch_id, REFUSED)
    (spool.folder.rejected / f"{changed.batch_id}.json").write_bytes(changed.payload + b" ")
    stranger = unknown.batch_id[:-1] + ("0" if unknown.batch_id[-1] != "0" else "1")
    (spool.folder.rejected / f"{stranger}.json").write_bytes(unknown.payload)
    before = tree(spool.folder.root)
    tried = rejected.retry(spool, [changed.batch_id, stranger])
    assert [one.why for one in tried] == [
        "what lies there is not the bytes that were approved",
        "no line of the journal approves it",
    ]
    assert tree(spool.folder.root) == before


def test_what_the_sink_holds_or_was_split_or_discarded_is_not_put_back(spool: Spool) -> None:
    sent, discarded = put(spool, events=2, max_events=1)
    (split,) = put(spool, events=2)
    spool.set_aside(discarded.batch_id, REFUSED)
    rejected.discard(spool, [discarded.batch_id], "test")
    halves = put(new_spool(spool.folder.root.with_name("other")), events=2, max_events=1)
    spool.split(split.batch_id, halves)
    with misbehaving_server(then=stores()) as server:
        upload(spool, server)
    for batch in (sent, split, discarded):  # somebody restores a backup
        (spool.folder.rejected / f"{batch.batch_id}.json").write_bytes(batch.payload)
    tried = rejected.retry(spool, [sent.batch_id, split.batch_id])
    assert [one.why[:26] for one in tried] == ["its events went already: t"] * 2
    (tried_discarded,) = rejected.retry(spool, [discarded.batch_id])
    assert tried_discarded.why.startswith("it was discarded")
    assert names(spool.folder.pending) == []


def test_what_lies_in_pending_is_not_overwritten(spool: Spool) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, REFUSED)
    (spool.folder.pending / f"{batch.batch_id}.json").write_bytes(b"other")
    (tried,) = rejected.retry(spool, [batch.batch_id])
    assert tried.why == "something lies in pending/ under this id"
    assert (spool.folder.pending / f"{batch.batch_id}.json").read_bytes() == b"other"


def test_discarding_leaves_a_line_and_no_byte(spool: Spool) -> None:
    (batch,) = put(spool)
    (kept,) = put(spool)
    spool.set_aside(batch.batch_id, REFUSED)
    rejected.discard(spool, [batch.batch_id], "rejected discard")
    assert names(spool.folder.rejected) == []
    assert spool.waiting() == [kept.batch_id]
    line = journal(spool)[-1]
    assert (line["event"], line["batch_ids"], line["reason"]) == (
        "discarded",
        [batch.batch_id],
        "rejected discard",
    )


def test_discarding_a_copy_leaves_the_batch_that_waits_under_its_id(spool: Spool) -> None:
    (batch,) = put(spool)
    (spool.folder.rejected / f"{batch.batch_id}.2.json").write_bytes(b"{}")
    rejected.discard(spool, [batch.batch_id], "rejected discard")
    again = new_spool(spool.folder.root)
    assert list(again.pending()) == [batch.batch_id]
    assert again.approved(batch.batch_id) == batch


def test_a_folder_in_place_of_a_batch_is_discarded_too(spool: Spool) -> None:
    (batch,) = put(spool)
    inside = spool.folder.rejected / f"{batch.batch_id}.json"
    spool.set_aside(batch.batch_id, REFUSED)
    inside.unlink()
    (inside / "deep").mkdir(parents=True)
    (one,) = rejected.listed(spool.folder)
    assert (one.payload, one.events) == (None, None)
    rejected.discard(spool, [batch.batch_id], "test")
    assert names(spool.folder.rejected) == []


@pytest.mark.parametrize(("wanted", "count"), [("0", 2), ("ffff", 0)])
def test_a_name_that_is_not_one_batch_is_refused(spool: Spool, wanted: str, count: int) -> None:
    for batch in put(spool, events=2, max_events=1):
        spool.set_aside(batch.batch_id, REFUSED)
    message = f"{count} batches that were set aside begin with '{wanted}'"
    with pytest.raises(BatchUnknownError, match=message):
        rejected.find(spool.folder, wanted)
    with pytest.raises(BatchUnknownError, match=message):
        rejected.ids_of(spool.folder, [wanted])


@pytest.mark.parametrize(
    ("place", "when", "line", "pending"),
    [
        (APPEND, "before", "Retried", 0),
        (APPEND, "after", "Retried", 2),  # the line is the decision
        ("vox_telemetry_client.rejected:put_back", "after", "", 2),  # the first of two
        ("pathlib:Path.unlink", "after", "", 2),  # the reason is gone, the batch not yet moved
    ],
)
def test_a_retry_that_is_killed_is_finished_by_the_next_change(
    tmp_path: Path, place: str, when: str, line: str, pending: int
) -> None:
    spool = new_spool(tmp_path / "spool")
    batches = put(spool, events=2, max_events=1)
    for batch in batches:
        spool.set_aside(batch.batch_id, REFUSED)
    env = {"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "spool")}
    arguments = ("rejected", "retry", "--all")
    assert run_and_kill(place, when, line, *arguments, env=env, cwd=tmp_path) == KILLED
    again = new_spool(tmp_path / "spool")
    assert len(list(again.pending())) == pending
    assert run_cli("vox-telemetry", *arguments, env=env, cwd=tmp_path).code == 0
    again = new_spool(tmp_path / "spool")
    assert [again.approved(batch.batch_id) for batch in batches] == batches
    assert names(again.folder.rejected) == []


@pytest.mark.parametrize(
    ("place", "when", "line", "left"),
    [
        (APPEND, "before", "Discarded", 4),
        (APPEND, "after", "Discarded", 0),
        ("vox_telemetry_client.set_aside:delete", "after", "", 0),
    ],
)
def test_a_discard_that_is_killed_is_finished_by_the_next_change(
    tmp_path: Path, place: str, when: str, line: str, left: int
) -> None:
    spool = new_spool(tmp_path / "spool")
    for batch in put(spool, events=2, max_events=1):
        spool.set_aside(batch.batch_id, REFUSED)
    env = {"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "spool")}
    arguments = ("rejected", "discard", "--all", "--i-understand")
    assert run_and_kill(place, when, line, *arguments, env=env, cwd=tmp_path) == KILLED
    again = new_spool(tmp_path / "spool")
    list(again.pending())
    assert len(names(again.folder.rejected)) == left


def test_some_of_what_was_set_aside_is_listed_without_the_rest(spool: Spool) -> None:
    batches = put(spool, events=5, max_events=1)
    for batch in batches:
        spool.set_aside(batch.batch_id, REFUSED)
    first = copies_after(spool.folder, None, 2)
    second = copies_after(spool.folder, first[-1], 2)
    assert [one.batch_id for one in first + second] == [one.batch_id for one in batches[:4]]
    assert [one.payload for one in rejected.listed(spool.folder, second)] == [
        one.payload for one in batches[2:4]
    ]
    assert list(rejected.listed(spool.folder, [])) == []
