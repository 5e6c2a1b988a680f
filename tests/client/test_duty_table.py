"""The duty table (wire 7), line by line, against a real server: what the client does with batches."""

import socket
from datetime import timedelta
from pathlib import Path

import pytest

from support.client_world import (
    SEED,
    Clock,
    journal,
    names,
    problem,
    put,
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
    cut_body,
    drip,
    hang,
    html,
    huge_body,
    not_http,
    raw,
    redirect,
    reply,
    reset_after_reading,
    reset_midway,
)
from support.http_server import misbehaving_server
from support.tls import Authority
from vox_telemetry_client.network import Network
from vox_telemetry_client.report import Report
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.keys import SigningKey

RECEIPT_OF_ANOTHER = {"batch_id": "019abcde-0000-7000-8000-000000000002"}
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
# Attempts at three waiting batches: what stops the run at once, what the sink says of itself, and
# what may be the fault of one batch, so that the next ones are tried once.
STOPS, OF_THE_SINK, PERHAPS_THE_BATCH = [1, 0, 0], [5, 0, 0], [5, 1, 1]

KEPT: dict[str, tuple[Answer, list[int], str]] = {
    "200 with HTML, a captive portal": (html(), STOPS, "the answer 200 holds no receipt"),
    "201 with HTML": (html(201), STOPS, "the answer 201 holds no receipt"),
    "201 with nothing": (reply(201), STOPS, "the answer 201 holds no receipt"),
    "202": (reply(202), STOPS, "the answer 202 holds no receipt"),
    "204": (reply(204), STOPS, "the answer 204 holds no receipt"),
    "201 for another id": (stores(**RECEIPT_OF_ANOTHER), STOPS, "a receipt for another batch"),
    "201 for another digest": (
        stores(payload_sha256="0" * 64),
        STOPS,
        "a receipt for another batch",
    ),
    "201 for another count": (stores(event_count=2), STOPS, "a receipt for another batch"),
    "201 of another form": (stores(schema="v2"), STOPS, "the answer 201 holds no receipt"),
    "201, huge": (huge_body(201, size_bytes=5_000_000), STOPS, "the answer 201 holds no receipt"),
    "201, cut off": (
        cut_body(201, b"{" * 100, sent_bytes=10),
        PERHAPS_THE_BATCH,
        "the connection broke off",
    ),
    "201, a byte at a time": (
        drip(201, b"x" * 1_000, every_s=0.1),
        PERHAPS_THE_BATCH,
        "no answer in time",
    ),
    "401": (problem(401, "key-unknown"), STOPS, "vox-telemetry keys show"),
    "403": (problem(403, "key-revoked"), STOPS, "rotate to a new key"),
    "403 of a key that waits": (
        problem(403, "key-not-approved"),
        STOPS,
        f"ask whoever runs the sink to approve key {SigningKey(SEED).public.key_id}",
    ),
    "404": (reply(404), STOPS, "check VOX_TELEMETRY_UPLOAD_URL"),
    "405": (reply(405), STOPS, "check VOX_TELEMETRY_UPLOAD_URL"),
    **{
        f"{status}, which the table does not name": (reply(status), STOPS, f"is {status}")
        for status in (402, 406, 407, 410, 411, 412, 418, 421, 423, 424, 426, 428, 431, 451, 499)
    },
    "408": (reply(408), OF_THE_SINK, "does not take batches now"),
    "425": (reply(425), OF_THE_SINK, "does not take batches now"),
    "429 without Retry-After": (reply(429), OF_THE_SINK, "does not take batches now"),
    "503": (reply(503), OF_THE_SINK, "does not take batches now"),
    **{
        f"{status}": (reply(status), PERHAPS_THE_BATCH, f"the answer is {status}")
        for status in (500, 501, 502, 504, 507, 599)
    },
    "hang": (hang(30), PERHAPS_THE_BATCH, "no answer in time"),
    "reset midway": (reset_midway(), PERHAPS_THE_BATCH, "the connection broke off"),
    "reset after the last byte": (
        reset_after_reading(),
        PERHAPS_THE_BATCH,
        "the connection broke off",
    ),
    "closed after the last byte": (
        close_after_reading(),
        PERHAPS_THE_BATCH,
        "the connection broke off",
    ),
    "not HTTP": (not_http(), PERHAPS_THE_BATCH, "the connection broke off"),
    "101": (
        raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        PERHAPS_THE_BATCH,
        "the connection broke off",
    ),
    "1xx for ever": (raw(*[EARLY_HINTS] * 100, every_s=0.1), PERHAPS_THE_BATCH, "no answer"),
    "1xx and no more": (raw(EARLY_HINTS), PERHAPS_THE_BATCH, "the connection broke off"),
}


def _attempts(report: Report) -> list[tuple[str, int]]:
    return [(outcome.result.value, outcome.attempts) for outcome in report.outcomes]


# The patience with those whose answer never comes; the others may take their time.
SHORT = {
    "hang": {"silence_s": 0.25},
    "201, a byte at a time": {"request_s": 0.35},
    "1xx for ever": {"request_s": 0.35},
}


@pytest.mark.parametrize("line", KEPT)
def test_kept(spool: Spool, line: str) -> None:
    answer, attempts, said = KEPT[line]
    put(spool, events=3, max_events=1)
    before = tree(spool.folder.pending)
    with misbehaving_server(then=answer) as server:
        report = upload(spool, server, **SHORT.get(line, {}))
    assert tree(spool.folder.pending) == before
    assert _attempts(report) == [("kept", count) for count in attempts]
    assert report.exit_code == 1
    assert report.stopped is not None
    assert said in report.stopped
    assert names(spool.folder.rejected) == []
    # The sink is mended: everything goes, and nothing twice.
    with misbehaving_server(then=stores()) as server:
        assert upload(spool, server).totals["acknowledged"] == 3
    assert len(server.requests) == 3


@pytest.mark.parametrize(("status", "result"), [(201, "acknowledged"), (200, "duplicate")])
def test_a_matching_receipt_deletes(spool: Spool, status: int, result: str) -> None:
    put(spool, events=2, max_events=1)
    with misbehaving_server(then=stores(status)) as server:
        report = upload(spool, server)
    assert _attempts(report) == [(result, 1)] * 2
    assert names(spool.folder.pending) == []
    assert [line["event"] for line in journal(spool)][1:] == ["attempt", "acknowledged"] * 2


def test_a_receipt_after_1xx_deletes(spool: Spool) -> None:
    put(spool)

    def hint_first(connection: Connection, request: Request) -> None:
        connection.socket.sendall(EARLY_HINTS * 3)
        stores().send(connection, request)

    with misbehaving_server(Answer(hint_first)) as server:
        assert _attempts(upload(spool, server)) == [("acknowledged", 1)]


@pytest.mark.parametrize("status", [400, 409, 415, 422])
def test_set_aside(spool: Spool, status: int) -> None:
    first, second = put(spool, events=2, max_events=1)
    with misbehaving_server(problem(status, "some-reason"), then=stores()) as server:
        report = upload(spool, server)
    assert _attempts(report) == [("set_aside", 1), ("acknowledged", 1)]
    assert report.exit_code == 1
    assert report.outcomes[0].problem is not None
    assert report.outcomes[0].problem.type == "urn:vox-telemetry:problem:some-reason"
    files = [f"{first.batch_id}.json", f"{first.batch_id}.problem.json"]
    assert names(spool.folder.rejected) == files
    assert (spool.folder.rejected / files[0]).read_bytes() == first.payload
    assert server.requests[1].body == second.payload


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
def test_a_redirect_stops_and_nothing_is_sent_to_the_other_host(spool: Spool, status: int) -> None:
    put(spool, events=3, max_events=1)
    with (
        misbehaving_server(then=stores()) as other,
        misbehaving_server(then=redirect(f"{other.url}/v1/batches", status)) as server,
    ):
        report = upload(spool, server)
        assert (other.requests, len(server.requests)) == ([], 1)
    assert _attempts(report) == [("kept", count) for count in STOPS]
    assert report.stopped is not None
    assert "redirects are never followed" in report.stopped


@pytest.mark.parametrize(
    ("host", "ends_in_h", "trusted", "said"),
    [
        ("127.0.0.1", -1, True, "has expired"),
        ("sink.example", 1, True, "for another host"),
        ("127.0.0.9", 1, True, "for another host"),
        ("127.0.0.1", 1, False, "signed by nobody who is trusted here"),
    ],
    ids=["expired", "wrong host", "wrong address", "unknown CA"],
)
def test_a_tls_failure_stops(
    spool: Spool, tmp_path: Path, host: str, ends_in_h: int, trusted: bool, said: str
) -> None:
    put(spool, events=3, max_events=1)
    authority = Authority(tmp_path)
    context = authority.server(host, ends_in=timedelta(hours=ends_in_h))
    network = Network(ca_file=authority.file if trusted else None)
    with misbehaving_server(then=stores(), tls=context) as server:
        report = upload(spool, server, network=network)
        assert server.requests == []
    assert _attempts(report) == [("kept", count) for count in STOPS]
    assert report.stopped is not None
    assert said in report.stopped


def test_a_refused_connection_is_retried_and_ends_the_run(spool: Spool, clock: Clock) -> None:
    put(spool, events=3, max_events=1)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        report = upload(spool, f"http://127.0.0.1:{unused.getsockname()[1]}", clock)
    assert _attempts(report) == [("kept", count) for count in OF_THE_SINK]
    assert clock.slept == [1.0, 2.0, 4.0, 8.0]
    assert len(spool.pending()) == 3


def test_a_host_that_cannot_be_resolved_is_retried_and_ends_the_run(spool: Spool) -> None:
    put(spool, events=3, max_events=1)
    report = upload(spool, "https://no-such-host.invalid")
    assert _attempts(report) == [("kept", count) for count in OF_THE_SINK]
    assert report.stopped is not None
    assert "cannot be resolved" in report.stopped


def test_a_reset_at_once_is_retried(spool: Spool) -> None:
    """The reset may come before the client has set the socket's options, or after."""
    put(spool, events=3, max_events=1)
    with misbehaving_server(then=close_before_reading()) as server:
        report = upload(spool, server)
    assert report.outcomes[0].attempts == 5
    assert (report.totals["kept"], len(spool.pending())) == (3, 3)


@pytest.mark.parametrize("retry_after", ["5", "Sun, 22 Nov 2026 12:00:05 GMT"])
def test_429_with_retry_after_is_obeyed(spool: Spool, clock: Clock, retry_after: str) -> None:
    put(spool)
    with misbehaving_server(reply(429, b"", {"Retry-After": retry_after}), stores()) as server:
        report = upload(spool, server, clock)
    assert (clock.slept, _attempts(report)) == ([5.0], [("acknowledged", 2)])


def test_a_retry_after_given_twice_counts_as_none(spool: Spool, clock: Clock) -> None:
    put(spool)
    twice = raw(
        b"HTTP/1.1 503 x\r\nRetry-After: 7\r\nRetry-After: 9\r\nContent-Length: 0\r\n"
        b"Connection: close\r\n\r\n"
    )
    with misbehaving_server(twice, stores()) as server:
        upload(spool, server, clock)
    assert clock.slept == [1.0]  # its own first pause, not 7 nor 9


@pytest.mark.parametrize(
    ("retry_after", "slept"),
    [
        ("-7", [1.0]),
        ("soon", [1.0]),
        ("1.5", [1.0]),
        ("Sun, 22 Nov 2026 11:00:00 GMT", []),  # past: at once
        ("Sunday, 22-Nov-26 12:00:09 GMT", [9.0]),
        ("Sun Nov 22 12:00:09 2026", [9.0]),
    ],
)
def test_retry_after_in_every_form(
    spool: Spool, clock: Clock, retry_after: str, slept: list[float]
) -> None:
    put(spool)
    with misbehaving_server(reply(503, b"", {"Retry-After": retry_after}), stores()) as server:
        report = upload(spool, server, clock)
    assert (clock.slept, _attempts(report)) == (slept, [("acknowledged", 2)])


def test_a_huge_retry_after_is_capped_at_an_hour(spool: Spool, clock: Clock) -> None:
    put(spool)
    with misbehaving_server(reply(503, b"", {"Retry-After": "9" * 400}), stores()) as server:
        assert _attempts(upload(spool, server, clock)) == [("kept", 1)]
        clock.moment += timedelta(seconds=3_601)
        assert _attempts(upload(spool, server, clock)) == [("acknowledged", 1)]


def test_no_4xx_deletes(spool: Spool) -> None:
    """Every status from 400 to 499: the bytes lie in `pending/` or in `rejected/` afterwards."""
    for status in range(400, 500):
        (batch,) = put(spool, events=1)
        with misbehaving_server(then=reply(status)) as server:
            upload(spool, server)
            assert server.requests
        rooms = (spool.folder.pending, spool.folder.rejected)
        assert batch.payload in [kept for room in rooms for kept in tree(room).values()], status
        spool.purge("the next status")
