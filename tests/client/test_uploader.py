"""The real client against a real server that misbehaves: no batch is ever lost."""

import json
import os
from dataclasses import replace
from datetime import timedelta

import pytest

from support.client_world import (
    ALLOWED,
    NOW,
    Clock,
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
from support.http_answers import (
    Answer,
    Connection,
    Request,
    close_after_reading,
    computed,
    hang,
    reply,
)
from support.http_server import misbehaving_server
from vox_telemetry_client.allowance import RunLimits
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.state import keep_earliest, read_failed_runs
from vox_telemetry_client.switches import Decision, Source

OFF = Decision(allowed=False, reason="switched off", source=Source.MASTER)
RECEIPT_OF_ANOTHER = {"batch_id": "019abcde-0000-7000-8000-000000000002"}


def _results(report: object) -> list[tuple[str, int]]:
    return [(outcome.result.value, outcome.attempts) for outcome in report.outcomes]  # type: ignore[attr-defined]


def test_batches_go_oldest_first_byte_for_byte_and_are_deleted(spool: Spool) -> None:
    batches = put(spool, events=5, max_events=2)
    with misbehaving_server(then=stores()) as server:
        report = upload(spool, server)
    assert [request.body for request in server.requests] == [batch.payload for batch in batches]
    assert _results(report) == [("acknowledged", 1)] * 3
    assert (report.exit_code, report.stopped) == (0, None)
    assert report.totals == {
        "acknowledged": 3,
        "duplicate": 0,
        "kept": 0,
        "set_aside": 0,
        "split": 0,
    }
    assert names(spool.folder.pending) == []
    events = [line["event"] for line in journal(spool)]
    assert events == ["enqueued", *["attempt", "acknowledged"] * 3]


def test_a_batch_that_the_sink_held_before_is_a_duplicate(spool: Spool) -> None:
    put(spool)
    with misbehaving_server(stores(200)) as server:
        report = upload(spool, server)
    assert _results(report) == [("duplicate", 1)]
    assert report.exit_code == 0
    assert spool.pending() == []


def _takes_at_most(events: int) -> Answer:
    def send(connection: Connection, request: Request) -> None:
        small = request.body.count(b"benchmark_event") <= events
        (stores() if small else problem(413, "body-too-large")).send(connection, request)

    return Answer(send)


def test_a_batch_that_is_too_large_is_halved_until_it_fits(spool: Spool) -> None:
    (whole,) = put(spool, events=5)
    with misbehaving_server(then=_takes_at_most(2)) as server:
        report = upload(spool, server)
    assert [result for result, _ in _results(report)] == [
        "split",
        "acknowledged",
        "split",
        "acknowledged",
        "acknowledged",
    ]
    assert report.exit_code == 0
    assert spool.pending() == []
    stored = [
        request.body for request in server.requests if request.body.count(b"benchmark_event") <= 2
    ]
    assert [body.count(b"benchmark_event") for body in stored] == [2, 1, 2]
    assert b"".join(stored).count(b"benchmark_event") == 5
    assert whole.payload not in stored


def test_the_halves_hold_the_same_events_in_their_order(spool: Spool) -> None:
    import json

    (whole,) = put(spool, events=5)
    with misbehaving_server(then=_takes_at_most(1)) as server:
        upload(spool, server)
    sent = [json.loads(request.body) for request in server.requests]
    stored = [event for body in sent if len(body["events"]) == 1 for event in body["events"]]
    assert stored == json.loads(whole.payload)["events"]
    assert len({body["batch_id"] for body in sent}) == len(sent)


def test_one_event_that_is_too_large_is_set_aside(spool: Spool) -> None:
    put(spool, events=2)
    with misbehaving_server(then=_takes_at_most(0)) as server:
        report = upload(spool, server)
    assert [result for result, _ in _results(report)] == ["split", "set_aside", "set_aside"]
    assert len(server.requests) == 3
    assert len(names(spool.folder.rejected)) == 4


def test_changed_bytes_are_set_aside_unsent_and_the_others_go(spool: Spool) -> None:
    first, second = put(spool, events=2, max_events=1)
    (spool.folder.pending / f"{first.batch_id}.json").write_bytes(first.payload + b" ")
    smuggled = "019abcde-0000-7000-8000-000000000009"
    (spool.folder.pending / f"{smuggled}.json").write_bytes(first.payload)
    (spool.folder.pending / "notes.json").write_bytes(first.payload)
    with misbehaving_server(then=stores()) as server:
        report = upload(spool, server)
    assert [request.body for request in server.requests] == [second.payload]
    assert sorted(result for result, _ in _results(report)) == [
        "acknowledged",
        "set_aside",
        "set_aside",
    ]
    assert {outcome.problem.type for outcome in report.outcomes if outcome.problem} == {
        "urn:vox-telemetry:client:not-approved"
    }
    assert names(spool.folder.pending) == []
    assert report.foreign == ["notes.json"]


def test_bytes_put_in_place_of_those_sent_are_not_deleted_with_their_receipt(spool: Spool) -> None:
    (batch,) = put(spool)
    path = spool.folder.pending / f"{batch.batch_id}.json"

    def change(request: Request) -> tuple[int, dict[str, str], bytes]:
        path.write_bytes(b"other")
        return 201, {}, receipt_for(request)

    with misbehaving_server(computed(change)) as server:
        assert _results(upload(spool, server)) == [("acknowledged", 1)]
    assert path.read_bytes() == b"other"


def test_a_batch_that_a_person_took_away_is_passed_over(spool: Spool) -> None:
    first, second = put(spool, events=2, max_events=1)

    def take_away_the_second(request: Request) -> tuple[int, dict[str, str], bytes]:
        (spool.folder.pending / f"{second.batch_id}.json").unlink()
        return 201, {}, receipt_for(request)

    with misbehaving_server(computed(take_away_the_second)) as server:
        report = upload(spool, server)
    assert [outcome.batch_id for outcome in report.outcomes] == [first.batch_id]
    assert report.exit_code == 0


def test_a_sink_that_comes_back_gets_the_same_bytes_with_a_fresh_signature(spool: Spool) -> None:
    (batch,) = put(spool)
    with misbehaving_server(reply(503), close_after_reading(), stores(200)) as server:
        report = upload(spool, server)
    assert _results(report) == [("duplicate", 3)]
    assert {request.body for request in server.requests} == {batch.payload}
    assert len({request.headers["signature"] for request in server.requests}) == 3


def test_a_long_retry_after_ends_the_run_and_is_remembered_over_a_restart(
    spool: Spool, clock: Clock
) -> None:
    put(spool)
    with misbehaving_server(reply(503, b"", {"Retry-After": "900"}), then=stores()) as server:
        assert _results(upload(spool, server, clock)) == [("kept", 1)]
        clock.moment += timedelta(seconds=600)
        again = upload(new_spool(spool.folder.root, clock), server, clock)
        assert _results(again) == [("kept", 0)]
        assert again.stopped is not None
        assert "not to be called before 2026-11-22T12:15:00.000Z (in 300 s)" in again.stopped
        assert len(server.requests) == 1
        clock.moment += timedelta(seconds=290)
        assert _results(upload(spool, server, clock)) == [("acknowledged", 1)]
    assert clock.slept == [10.0]


def test_an_empty_spool_waits_for_nobody(spool: Spool, clock: Clock) -> None:
    keep_earliest(spool.folder.state, NOW + timedelta(seconds=900))
    with misbehaving_server() as server:
        report = upload(spool, server, clock)
    assert (report.outcomes, report.stopped, report.exit_code) == ([], None, 0)


def test_a_wrong_clock_is_corrected_once_and_said(spool: Spool, clock: Clock) -> None:
    put(spool, events=2, max_events=1)
    stale = problem(401, "signature-stale", sink_time="2026-11-22T13:00:00.000Z")
    with misbehaving_server(stale, then=stores()) as server:
        report = upload(spool, server, clock)
    assert _results(report) == [("acknowledged", 2), ("acknowledged", 1)]
    assert report.clock_offset_s == 3_600.0
    created = [
        request.headers["signature-input"].split("created=")[1][:10] for request in server.requests
    ]
    assert created == [str(int(NOW.timestamp())), *[str(int(NOW.timestamp()) + 3_600)] * 2]


def test_a_sink_that_minds_the_corrected_clock_too_stops_the_run(
    spool: Spool, clock: Clock
) -> None:
    put(spool)
    stale = problem(401, "signature-stale", sink_time="2026-11-22T13:00:00.000Z")
    with misbehaving_server(then=stale) as server:
        report = upload(spool, server, clock)
    assert _results(report) == [("kept", 2)]
    assert report.stopped is not None
    assert "set this machine's clock" in report.stopped


@pytest.mark.parametrize("sink_time", ["", "yesterday", "9999-12-31T23:59:59.999Z"])
def test_a_stale_signature_without_a_time_stops(spool: Spool, sink_time: str) -> None:
    put(spool)
    with misbehaving_server(then=problem(401, "signature-stale", sink_time=sink_time)) as server:
        assert _results(upload(spool, server)) == [("kept", 1)]


def test_a_switch_thrown_during_the_run_stops_before_the_next_request(spool: Spool) -> None:
    put(spool, events=3, max_events=1)
    with misbehaving_server(then=stores()) as server:
        report = upload(spool, server, may_send=lambda: OFF if server.requests else ALLOWED)
    assert _results(report) == [("acknowledged", 1), ("kept", 0), ("kept", 0)]
    assert (report.stopped, report.exit_code) == ("switched off", 3)
    assert len(server.requests) == 1


def test_a_switch_thrown_during_a_pause_stops_the_retries(spool: Spool) -> None:
    put(spool)
    with misbehaving_server(then=reply(503)) as server:
        report = upload(
            spool, server, may_send=lambda: OFF if len(server.requests) > 1 else ALLOWED
        )
    assert (_results(report), report.exit_code) == ([("kept", 2)], 3)
    assert len(spool.pending()) == 1


def test_a_batch_from_before_consent_is_kept_and_the_others_go(spool: Spool) -> None:
    (earlier,) = put(spool, now=NOW - timedelta(milliseconds=1))
    (covered,) = put(spool)
    since_now = replace(ALLOWED, covers_from=NOW)
    with misbehaving_server(then=stores()) as server:
        report = upload(spool, server, may_send=lambda: since_now)
    assert [request.body for request in server.requests] == [covered.payload]
    assert _results(report) == [("kept", 0), ("acknowledged", 1)]
    assert (report.stopped, report.exit_code) == (None, 1)
    problem_found = report.outcomes[0].problem
    assert problem_found is not None
    assert "consent grant --include-pending" in problem_found.title
    assert spool.pending() == [earlier.batch_id]


def test_consent_that_begins_anew_between_two_attempts_covers_no_earlier_batch(
    spool: Spool,
) -> None:
    put(spool)
    anew = replace(ALLOWED, covers_from=NOW + timedelta(hours=1))
    with misbehaving_server(then=reply(503)) as server:
        report = upload(spool, server, may_send=lambda: anew if server.requests else ALLOWED)
    assert len(server.requests) == 1
    assert _results(report) == [("kept", 1)]


def test_a_backlog_without_consent_takes_no_time(spool: Spool, clock: Clock) -> None:
    put(spool, events=40, max_events=1)
    since_later = replace(ALLOWED, covers_from=NOW + timedelta(hours=1))
    with misbehaving_server() as server:
        report = upload(spool, server, clock, may_send=lambda: since_later)
    assert (report.totals["kept"], clock.slept, server.requests) == (40, [], [])


def test_requests_are_rate_limited(spool: Spool, clock: Clock) -> None:
    put(spool, events=33, max_events=1)
    with misbehaving_server(then=stores()) as server:
        report = upload(spool, server, clock)
    assert report.totals["acknowledged"] == 33
    assert clock.slept == pytest.approx([0.1, 0.1, 0.1])


def test_the_token_is_sent_and_shown_nowhere(spool: Spool) -> None:
    put(spool)
    with misbehaving_server(then=problem(401, "token-invalid")) as server:
        report = upload(spool, server, token="s3cret")
    assert server.requests[0].headers["authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr(report)
    assert b"s3cret" not in b"".join(tree(spool.folder.root).values())


def test_a_spool_that_fails_in_the_middle_is_reported(spool: Spool) -> None:
    put(spool, events=2, max_events=1)

    def break_the_journal(request: Request) -> tuple[int, dict[str, str], bytes]:
        spool.folder.journal.rename(spool.folder.root / "away")
        spool.folder.journal.mkdir()
        return 201, {}, receipt_for(request)

    with misbehaving_server(computed(break_the_journal), then=stores()) as server:
        report = upload(spool, server)
    assert _results(report) == [("kept", 1), ("kept", 0)]
    assert report.exit_code == 1
    assert report.stopped is not None
    assert "journal" in report.stopped
    assert len(names(spool.folder.pending)) == 2


def _fails_on(*batch_ids: str, answer: Answer) -> Answer:
    """Answer so to these batches, and store all others."""

    def send(connection: Connection, request: Request) -> None:
        named = request.headers["idempotency-key"].strip('"')
        (answer if named in batch_ids else stores()).send(connection, request)

    return Answer(send)


POISONS = {
    "500": reply(500),
    "504": reply(504),
    "closes": close_after_reading(),
    "hangs": hang(30),
}


@pytest.mark.parametrize("name", POISONS)
def test_a_poison_batch_never_blocks_the_rest_and_is_set_aside_after_three_runs(
    spool: Spool, name: str
) -> None:
    poison, *others = put(spool, events=3, max_events=1)
    silence_s = 0.5 if name == "hangs" else 20.0
    with misbehaving_server(then=_fails_on(poison.batch_id, answer=POISONS[name])) as server:
        report = upload(spool, server, silence_s=silence_s)
        assert _results(report) == [("kept", 5), ("acknowledged", 1), ("acknowledged", 1)]
        assert (report.stopped, report.exit_code) == (None, 1)
        assert [request.body for request in server.requests[5:]] == [one.payload for one in others]
        (second,) = put(spool, events=1)
        report = upload(spool, server, silence_s=silence_s)
        assert [outcome.batch_id for outcome in report.outcomes] == [
            second.batch_id,
            poison.batch_id,
        ]
        assert _results(report) == [("acknowledged", 1), ("kept", 5)]
        put(spool, events=1)
        report = upload(spool, server, silence_s=silence_s)
    assert _results(report) == [("acknowledged", 1), ("set_aside", 5)]
    found = report.outcomes[1].problem
    assert found is not None
    assert found.type == "urn:vox-telemetry:client:failed-alone"
    assert "in 3 runs while it took others" in found.title
    assert (spool.folder.rejected / f"{poison.batch_id}.json").read_bytes() == poison.payload
    assert read_failed_runs(spool.folder.state) == {}


def test_a_poison_batch_alone_is_kept_for_ever(spool: Spool) -> None:
    put(spool)
    for _ in range(5):
        with misbehaving_server(then=reply(500)) as server:
            report = upload(spool, server)
        assert (_results(report), report.exit_code) == ([("kept", 5)], 1)
        assert report.stopped is not None
    assert len(spool.pending()) == 1


def test_a_sink_that_is_down_ends_the_run_after_three_batches(spool: Spool) -> None:
    put(spool, events=9, max_events=1)
    with misbehaving_server(then=reply(500)) as server:
        report = upload(spool, server)
    assert _results(report)[:4] == [("kept", 5), ("kept", 1), ("kept", 1), ("kept", 0)]
    assert len(server.requests) == 7
    assert report.stopped is not None
    assert "does not take batches now" in report.stopped


def test_poison_batches_at_the_head_block_one_run_at_most(spool: Spool) -> None:
    batches = put(spool, events=5, max_events=1)
    poison = [batch.batch_id for batch in batches[:3]]
    with misbehaving_server(then=_fails_on(*poison, answer=reply(500))) as server:
        assert upload(spool, server).totals["acknowledged"] == 0
        assert upload(spool, server).totals["acknowledged"] == 2
    assert spool.pending() == poison


def test_a_batch_that_failed_for_a_while_goes_and_is_forgotten(spool: Spool) -> None:
    first, _ = put(spool, events=2, max_events=1)
    with misbehaving_server(then=_fails_on(first.batch_id, answer=reply(500))) as server:
        upload(spool, server)
    assert read_failed_runs(spool.folder.state) == {first.batch_id: 1}
    with misbehaving_server(then=stores()) as server:
        upload(spool, server)
    assert read_failed_runs(spool.folder.state) == {}


def test_a_500_that_names_a_time_speaks_of_the_sink(spool: Spool, clock: Clock) -> None:
    put(spool, events=2, max_events=1)
    with misbehaving_server(then=reply(500, b"", {"Retry-After": "9"})) as server:
        report = upload(spool, server, clock)
    assert _results(report) == [("kept", 5), ("kept", 0)]
    assert clock.slept == [9.0] * 4


def test_a_run_of_so_many_batches(spool: Spool) -> None:
    put(spool, events=3, max_events=1)
    with misbehaving_server(then=stores()) as server:
        report = upload(spool, server, limits=RunLimits(max_batches=2))
    assert _results(report) == [("acknowledged", 1), ("acknowledged", 1), ("kept", 0)]
    assert report.exit_code == 0
    assert report.stopped == "the limit of 2 batches for this run is reached"


def test_a_run_of_so_many_bytes_counts_repeats(spool: Spool) -> None:
    first, second = put(spool, events=2, max_events=1)
    allowed = 2 * len(first.payload) + len(second.payload) - 1
    with misbehaving_server(reply(500), then=stores()) as server:
        report = upload(spool, server, limits=RunLimits(max_bytes=allowed))
    assert _results(report) == [("acknowledged", 2), ("kept", 0)]
    assert sum(len(request.body) for request in server.requests) <= allowed
    assert report.exit_code == 0


def test_a_run_of_so_many_seconds_begins_no_pause_beyond_them(spool: Spool, clock: Clock) -> None:
    put(spool, events=2, max_events=1)
    with misbehaving_server(then=reply(503, b"", {"Retry-After": "20"})) as server:
        report = upload(spool, server, clock, limits=RunLimits(max_seconds=50))
    assert (_results(report), clock.slept) == ([("kept", 3), ("kept", 0)], [20.0, 20.0])
    assert (report.exit_code, report.stopped) == (
        1,
        "the limit of 50 seconds for this run is reached",
    )


@pytest.mark.parametrize("left_bytes", [None, 0, 40])
def test_a_journal_that_is_taken_away_during_the_upload_ends_in_order(
    spool: Spool, left_bytes: int | None
) -> None:
    first, second = put(spool, events=2, max_events=1)
    path = spool.folder.journal

    def take_away(request: Request) -> tuple[int, dict[str, str], bytes]:
        path.unlink() if left_bytes is None else os.truncate(path, left_bytes)
        return 201, {}, receipt_for(request)

    with misbehaving_server(then=computed(take_away)) as server:
        report = upload(spool, server)
    assert [request.body for request in server.requests] == [first.payload]
    assert _results(report) == [("acknowledged", 1), ("set_aside", 0)]
    told = [json.loads(line)["event"] for line in path.read_text().splitlines()[-3:]]
    assert told == ["attempt", "acknowledged", "rejected"]
    # What nothing approves any more is kept: the second now, the first by the next upload.
    assert (spool.folder.rejected / f"{second.batch_id}.json").read_bytes() == second.payload
    with misbehaving_server(then=stores()) as server:
        assert _results(upload(spool, server)) == [("set_aside", 0)]
    assert server.requests == []
    assert (spool.folder.rejected / f"{first.batch_id}.json").read_bytes() == first.payload
