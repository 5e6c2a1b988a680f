"""The real client against a real server that misbehaves: no batch is ever lost."""

import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

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
    close_before_reading,
    computed,
    cut_body,
    drip,
    hang,
    html,
    huge_body,
    not_http,
    redirect,
    reply,
)
from support.http_server import misbehaving_server
from vox_telemetry_client.report import Result
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.state import keep_earliest
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


MISBEHAVIOURS: dict[str, tuple[Answer, int, str]] = {
    # name: every answer, attempts at the first batch, what is said
    "500": (reply(500), 5, "does not take batches now: the answer is 500"),
    "503": (reply(503), 5, "does not take batches now"),
    "408": (reply(408), 5, "does not take batches now"),
    "425": (reply(425), 5, "does not take batches now"),
    "429": (reply(429), 5, "does not take batches now"),
    "hang": (hang(30), 5, "no answer in time"),
    "drip": (drip(201, b"x" * 1_000, every_s=0.2), 5, "no answer in time"),
    "close-before": (close_before_reading(), 5, "the connection broke off"),
    "close-after": (close_after_reading(), 5, "the connection broke off"),
    "cut-body": (cut_body(201, b"{" * 100, sent_bytes=10), 5, "the connection broke off"),
    "not-http": (not_http(), 5, "the connection broke off"),
    "redirect": (redirect("http://127.0.0.1:1/v1/batches"), 1, "redirects are never followed"),
    "html": (html(), 1, "the answer 200 holds no receipt"),
    "html-201": (html(201), 1, "the answer 201 holds no receipt"),
    "204": (reply(204), 1, "the answer 204 holds no receipt"),
    "huge": (huge_body(201, size_bytes=5_000_000), 1, "the answer 201 holds no receipt"),
    "wrong-id": (stores(**RECEIPT_OF_ANOTHER), 1, "a receipt for another batch"),
    "wrong-sha": (stores(payload_sha256="0" * 64), 1, "a receipt for another batch"),
    "wrong-count": (stores(event_count=2), 1, "a receipt for another batch"),
    "401": (problem(401, "key-unknown"), 1, "vox-telemetry keys show"),
    "403": (problem(403, "key-revoked"), 1, "vox-telemetry keys generate"),
    "404": (reply(404), 1, "check VOX_TELEMETRY_UPLOAD_URL"),
    "405": (reply(405), 1, "check VOX_TELEMETRY_UPLOAD_URL"),
}


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_no_misbehaviour_costs_a_batch(spool: Spool, name: str) -> None:
    answer, attempts, said = MISBEHAVIOURS[name]
    batches = put(spool, events=3, max_events=1)
    before = tree(spool.folder.pending)
    with misbehaving_server(then=answer) as server:
        report = upload(spool, server, silence_s=0.2, request_s=0.4)
    assert tree(spool.folder.pending) == before
    assert _results(report) == [("kept", attempts), ("kept", 0), ("kept", 0)]
    assert report.exit_code == 1
    assert report.stopped is not None
    assert said in report.stopped
    assert {request.body for request in server.requests} <= {batches[0].payload}
    # The sink is mended: everything goes.
    with misbehaving_server(then=stores()) as server:
        assert upload(spool, server).totals["acknowledged"] == 3


def test_a_refused_port_costs_no_batch(spool: Spool) -> None:
    put(spool)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        report = upload(spool, f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert _results(report) == [("kept", 5)]
    assert len(spool.pending()) == 1


@pytest.mark.parametrize("status", [400, 409, 415, 422])
def test_a_refused_batch_is_set_aside_and_the_others_go(spool: Spool, status: int) -> None:
    first, second = put(spool, events=2, max_events=1)
    with misbehaving_server(problem(status, "some-reason"), then=stores()) as server:
        report = upload(spool, server)
    assert _results(report) == [("set_aside", 1), ("acknowledged", 1)]
    assert report.exit_code == 1
    assert report.outcomes[0].problem is not None
    assert report.outcomes[0].problem.type == "urn:vox-telemetry:problem:some-reason"
    assert names(spool.folder.rejected) == [
        f"{first.batch_id}.json",
        f"{first.batch_id}.problem.json",
    ]
    assert (spool.folder.rejected / f"{first.batch_id}.json").read_bytes() == first.payload
    assert server.requests[1].body == second.payload


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


def test_pauses_grow_with_full_jitter(spool: Spool, clock: Clock) -> None:
    put(spool)
    with misbehaving_server(then=reply(503)) as server:
        upload(spool, server, clock)
    assert clock.slept == [1.0, 2.0, 4.0, 8.0]  # with a random number of 1.0: the ceilings


def test_a_sink_that_comes_back_gets_the_same_bytes_with_a_fresh_signature(spool: Spool) -> None:
    (batch,) = put(spool)
    with misbehaving_server(reply(503), close_after_reading(), stores(200)) as server:
        report = upload(spool, server)
    assert _results(report) == [("duplicate", 3)]
    assert {request.body for request in server.requests} == {batch.payload}
    assert len({request.headers["signature"] for request in server.requests}) == 3


def test_retry_after_is_obeyed(spool: Spool, clock: Clock) -> None:
    put(spool)
    date = "Sun, 22 Nov 2026 12:00:37 GMT"  # thirty seconds after the seven have passed
    answers = [
        reply(429, b"", {"Retry-After": "7"}),
        reply(503, b"", {"Retry-After": date}),
        stores(),
    ]
    with misbehaving_server(*answers) as server:
        report = upload(spool, server, clock)
    assert clock.slept == [7.0, 30.0]
    assert report.exit_code == 0


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


def test_a_retry_after_of_zero_is_no_pause(spool: Spool, clock: Clock, tmp_path: Path) -> None:
    put(spool)
    with misbehaving_server(reply(503, b"", {"Retry-After": "0"}), stores()) as server:
        report = upload(spool, server, clock)
    assert clock.slept == []
    assert report.outcomes[0].result is Result.ACKNOWLEDGED
    assert not spool.folder.state.exists()
