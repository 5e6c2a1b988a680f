"""How often a batch is tried, against a real server that misbehaves."""

from pathlib import Path

from support.client_world import (
    Clock,
    put,
    stores,
    upload,
)
from support.http_answers import (
    reply,
)
from support.http_server import misbehaving_server
from vox_telemetry_client.report import Result
from vox_telemetry_client.spool import Spool


def test_pauses_grow_with_full_jitter(spool: Spool, clock: Clock) -> None:
    put(spool)
    with misbehaving_server(then=reply(503)) as server:
        upload(spool, server, clock)
    assert clock.slept == [1.0, 2.0, 4.0, 8.0]  # with a random number of 1.0: the ceilings


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


def test_a_retry_after_of_zero_is_no_pause(spool: Spool, clock: Clock, tmp_path: Path) -> None:
    put(spool)
    with misbehaving_server(reply(503, b"", {"Retry-After": "0"}), stores()) as server:
        report = upload(spool, server, clock)
    assert clock.slept == []
    assert report.outcomes[0].result is Result.ACKNOWLEDGED
    assert not spool.folder.state.exists()


def test_a_batch_gets_five_attempts_and_two_minutes_at_most(spool: Spool, clock: Clock) -> None:
    put(spool)
    with misbehaving_server(then=reply(503, b"", {"Retry-After": "50"})) as server:
        report = upload(spool, server, clock)
    assert [(one.result, one.attempts) for one in report.outcomes] == [("kept", 3)]
    assert clock.slept == [50.0, 50.0]
