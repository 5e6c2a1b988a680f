"""A backlog is worked at in windows: here of two batches. And failure cases of other spools."""

from datetime import timedelta

import pytest

from support.client_world import (
    ALLOWED,
    NOW,
    journal,
    names,
    new_spool,
    problem,
    put,
    receipt_for,
    stores,
    tree,
    upload,
)
from support.http_answers import Request, computed
from support.http_server import misbehaving_server
from vox_telemetry_client import folder
from vox_telemetry_client import spool as spool_file
from vox_telemetry_client.batch import Batch
from vox_telemetry_client.errors import SpoolFullError
from vox_telemetry_client.journal_lines import Acknowledged
from vox_telemetry_client.overview import look
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.switches import Decision
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.receipt import Receipt


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    for file in (folder, spool_file):
        monkeypatch.setattr(file, "WINDOW_BATCHES", 2)


@pytest.mark.usefixtures("windows")
def test_all_windows_go_oldest_first(spool: Spool) -> None:
    batches = put(spool, events=5, max_events=1)
    assert spool.pending() == [batch.batch_id for batch in batches[:2]]
    assert list(spool.all_waiting()) == [batch.batch_id for batch in batches]
    with misbehaving_server(then=stores()) as server:
        report = upload(spool, server)
    assert [request.body for request in server.requests] == [batch.payload for batch in batches]
    assert (report.totals["acknowledged"], report.exit_code) == (5, 0)


@pytest.mark.usefixtures("windows")
def test_a_run_that_stops_counts_the_windows_that_it_did_not_reach(spool: Spool) -> None:
    put(spool, events=7, max_events=1)
    with misbehaving_server(*[stores()] * 3, then=problem(401, "key-unknown")) as server:
        report = upload(spool, server)
    assert (report.totals["acknowledged"], report.totals["kept"]) == (3, 4)
    assert (len(report.outcomes), report.not_listed) == (4, 3)


@pytest.mark.usefixtures("windows")
def test_what_is_kept_is_asked_for_once_and_the_next_windows_go(spool: Spool) -> None:
    put(spool, events=3, max_events=1, now=NOW - timedelta(days=1))
    put(spool, events=3, max_events=1)
    since_noon = Decision(
        allowed=True, reason="", source=ALLOWED.source, covers_from=NOW - timedelta(hours=1)
    )
    with misbehaving_server(then=stores()) as server:
        report = upload(spool, server, may_send=lambda: since_noon)
    assert (report.totals["kept"], report.totals["acknowledged"]) == (3, 3)
    assert len(server.requests) == 3


@pytest.mark.usefixtures("windows")
def test_halves_go_in_the_window_of_what_they_were_made_of(spool: Spool) -> None:
    put(spool, events=9, max_events=3)
    with misbehaving_server(problem(413, "too-large"), then=stores()) as server:
        report = upload(spool, server)
    assert (report.totals["split"], report.totals["acknowledged"]) == (1, 4)
    assert [request.body.count(b"benchmark_event") for request in server.requests] == [
        *(3, 1, 2),
        *(3, 3),
    ]


@pytest.mark.usefixtures("windows")
def test_what_is_enqueued_during_a_run_is_for_the_next(spool: Spool) -> None:
    put(spool, events=3, max_events=1)
    other = new_spool(spool.folder.root)

    def producing(request: Request) -> tuple[int, dict[str, str], bytes]:
        put(other, events=1, now=NOW + timedelta(seconds=1))
        return 201, {}, receipt_for(request)

    with misbehaving_server(then=computed(producing)) as server:
        report = upload(spool, server)
    assert (len(server.requests), report.totals["kept"], report.exit_code) == (3, 0, 0)
    assert len(names(spool.folder.pending)) == 3


@pytest.mark.usefixtures("windows")
def test_windows_of_ended_batches_are_passed_over(spool: Spool) -> None:
    ended = put(spool, events=4, max_events=1)
    for batch in ended:
        spool.acknowledge(batch.batch_id, _receipt(batch), duplicate=False)
    (last,) = put(spool, events=1, now=NOW + timedelta(seconds=1))
    for batch in ended:  # as a restored backup does
        (spool.folder.pending / f"{batch.batch_id}.json").write_bytes(batch.payload)
    assert spool.pending() == [last.batch_id]
    assert names(spool.folder.pending) == [f"{last.batch_id}.json"]


@pytest.mark.usefixtures("windows")
def test_a_purge_takes_all_windows_of_both_rooms(spool: Spool) -> None:
    batches = put(spool, events=5, max_events=1)
    spool.set_aside(batches[0].batch_id, Problem())
    purged = spool.purge("test")
    assert (purged.count, purged.first) == (5, [batch.batch_id for batch in batches])
    assert names(spool.folder.pending) == names(spool.folder.rejected) == []
    assert [len(line["batch_ids"]) for line in journal(spool) if line["event"] == "discarded"] == [
        *(2, 2, 1)
    ]
    assert look(spool.folder, NOW).missing.count == 0


def test_a_running_process_finishes_what_another_left(spool: Spool) -> None:
    first, second = put(spool, events=2, max_events=1)
    assert spool.pending() == [first.batch_id, second.batch_id]
    other = new_spool(spool.folder.root)
    other._decide(_acknowledged(first))  # and killed here
    spool.attempted(second.batch_id, "retry", 503)
    assert names(spool.folder.pending) == [f"{second.batch_id}.json"]


@pytest.mark.parametrize("left", [b"", b'{"batch_id"'])
def test_case_4_an_empty_or_short_file_is_set_aside_and_the_others_go(
    spool: Spool, left: bytes
) -> None:
    torn, whole = put(spool, events=2, max_events=1)
    (spool.folder.pending / f"{torn.batch_id}.json").write_bytes(left)
    with misbehaving_server(then=stores()) as server:
        report = upload(spool, server)
    assert [request.body for request in server.requests] == [whole.payload]
    assert (report.totals["set_aside"], report.totals["acknowledged"]) == (1, 1)
    assert (spool.folder.rejected / f"{torn.batch_id}.json").read_bytes() == left


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_case_5_a_damaged_line_costs_its_own_batch_and_no_other(spool: Spool, place: str) -> None:
    batches = [put(spool, events=1, now=NOW + timedelta(seconds=at))[0] for at in range(3)]
    lines = spool.folder.journal.read_bytes().splitlines(keepends=True)
    damaged = ["first", "middle", "last"].index(place)
    lines[damaged] = lines[damaged].replace(b'"event"', b'"evxnt"')
    spool.folder.journal.write_bytes(b"".join(lines))
    again = new_spool(spool.folder.root)
    with misbehaving_server(then=stores()) as server:
        report = upload(again, server)
    assert (report.totals["set_aside"], report.totals["acknowledged"]) == (1, 2)
    kept = again.folder.rejected / f"{batches[damaged].batch_id}.json"
    assert kept.read_bytes() == batches[damaged].payload
    assert look(again.folder, NOW).unreadable_lines == 1
    assert again.folder.journal.read_bytes().startswith(b"".join(lines))


@pytest.mark.parametrize("damage", [b"", b"\x00" * 50, b'{"earliest_next_attempt":7}'])
def test_case_6_damaged_metadata_orphans_nothing(spool: Spool, damage: bytes) -> None:
    put(spool, events=2, max_events=1)
    for path in (spool.folder.state, spool.folder.seen, spool.folder.upload_lock):
        path.write_bytes(damage)
    again = new_spool(spool.folder.root)
    assert look(again.folder, NOW).pending.count == 2
    with misbehaving_server(then=stores()) as server:
        assert upload(again, server).totals["acknowledged"] == 2


def test_case_6_a_lost_journal_sends_nothing_and_loses_nothing(spool: Spool) -> None:
    put(spool, events=2, max_events=1)
    before = tree(spool.folder.pending)
    spool.folder.journal.unlink()
    again = new_spool(spool.folder.root)
    assert look(again.folder, NOW).unapproved.count == 2
    with misbehaving_server(then=stores()) as server:
        report = upload(again, server)
    assert (server.requests, report.totals["set_aside"]) == ([], 2)
    assert before.items() <= tree(again.folder.rejected).items()


def test_case_7_an_unlink_without_its_line_is_no_crash_loop(spool: Spool) -> None:
    gone, _ = put(spool, events=2, max_events=1)
    (spool.folder.pending / f"{gone.batch_id}.json").unlink()
    again = new_spool(spool.folder.root)
    for sent in (1, 0):
        with misbehaving_server(then=stores()) as server:
            report = upload(again, server)
        assert (report.exit_code, len(server.requests)) == (0, sent)
    assert look(again.folder, NOW).missing.first == [gone.batch_id]
    assert names(again.folder.pending) == []


def test_case_13_a_queue_larger_than_its_new_quota_starts_and_drains(spool: Spool) -> None:
    put(spool, events=3, max_events=1)
    again = new_spool(spool.folder.root)
    small = [Batch("019abcde-0000-7000-8000-000000000001", b"{}", 1)]
    with pytest.raises(SpoolFullError, match="more would exceed its quota of 10:"):
        again.put(small, max_bytes=10, needed_bytes=2)
    with misbehaving_server(then=stores()) as server:
        assert upload(again, server).totals["acknowledged"] == 3
    again.put(small, max_bytes=10, needed_bytes=2)
    assert again.pending() == [small[0].batch_id]


def _receipt(batch: Batch) -> Receipt:
    return Receipt(batch.batch_id, batch.payload_sha256, batch.event_count, "2026-11-22T12:00:01Z")


def _acknowledged(batch: Batch) -> Acknowledged:
    return Acknowledged("2026-11-22T12:00:00.000Z", batch.batch_id, _receipt(batch))
