"""Sinks that are away, not ready, of another time or another contract."""

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from support.http_answers import Answer, close_after_reading, html, redirect, reply
from support.http_server import misbehaving_server
from vox_telemetry_client import delivery
from vox_telemetry_client.doctor.sink import clock
from vox_telemetry_spec.times import format_time

from .conftest import pages

if TYPE_CHECKING:
    from vox_telemetry_client.doctor.visit import Visit


def test_sink_answer_of_a_closed_port(healthy, doctor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    healthy.use(f"http://127.0.0.1:{port}")
    found = doctor()
    assert found["sink.answer"]["state"] == "fail"
    assert found["sink.answer"]["found"] == "the connection was refused"
    for name in ("sink.ready", "sink.version", "sink.contract", "clock"):
        assert found[name]["found"] == "the sink does not answer, see sink.answer"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (redirect("https://elsewhere.example"), "a redirect, which is never followed"),
        (reply(502), "HTTP 502"),
        (close_after_reading(), "broke off"),
    ],
    ids=["redirect", "502", "closed"],
)
def test_sink_answer(healthy, doctor, answer: Answer, told: str) -> None:
    with misbehaving_server(then=answer) as server:
        healthy.use(server.url)
        found = doctor()["sink.answer"]
    assert (found["state"], told in found["found"]) == ("fail", True)


def test_sink_ready(healthy, doctor) -> None:
    with misbehaving_server(then=pages(ready=503)) as server:
        healthy.use(server.url)
        assert doctor()["sink.ready"]["state"] == "fail"
    with misbehaving_server(then=pages(ready=404)) as server:
        healthy.use(server.url)
        assert doctor()["sink.ready"]["state"] == "skip"


def test_a_sink_that_tells_nothing_is_no_trouble(healthy, doctor) -> None:
    for answer in (pages(about_status=404), html()):
        with misbehaving_server(then=answer) as server:
            healthy.use(server.url)
            found = doctor()
        assert found["sink.answer"]["state"] == "ok"
        for name in ("sink.version", "sink.contract", "clock"):
            assert found[name]["state"] == "skip"
            assert found[name]["found"].startswith("the sink does not tell")


def test_sink_version(healthy, doctor) -> None:
    assert doctor()["sink.version"]["found"] == "vox-telemetry-sink 9.8.7"


def test_sink_contract(healthy, doctor) -> None:
    assert doctor()["sink.contract"]["found"] == "vox.usage-batch.v1, the same as here"
    with misbehaving_server(then=pages(contract_sha256="f" * 64)) as server:
        healthy.use(server.url)
        found = doctor()["sink.contract"]
    assert (found["state"], "sha-256 ffffffffffff…" in found["found"]) == ("warn", True)
    assert found["advice"] == "update the older of the two"


@pytest.mark.parametrize(
    ("behind_s", "state"), [(0, "ok"), (100, "warn"), (-100, "warn"), (400, "fail"), (-400, "fail")]
)
def test_clock(healthy, doctor, behind_s: int, state: str) -> None:
    time = format_time(datetime.now(UTC) - timedelta(seconds=behind_s))
    with misbehaving_server(then=pages(time=time)) as server:
        healthy.use(server.url)
        found = doctor()["clock"]
    assert found["state"] == state
    shown = float(found["found"].split("clock is ")[1].split(" s ")[0])
    assert abs(shown - behind_s) <= 5


def test_a_clock_that_is_right_has_no_minus() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    told = SimpleNamespace(time=format_time(at + timedelta(milliseconds=300)))
    reply = SimpleNamespace(answer=delivery.Answer(200, {}, b""), at=at)
    seen = clock(cast("Visit", SimpleNamespace(reply=reply, about=told)))
    assert seen.found == "this machine's clock is +0 s from the sink's"


def test_clock_of_the_date_header(healthy, doctor) -> None:
    date = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    with misbehaving_server(then=pages(about_status=404, date=date)) as server:
        healthy.use(server.url)
        assert doctor()["clock"]["state"] == "fail"
    with misbehaving_server(then=pages(about_status=404, date="soon")) as server:
        healthy.use(server.url)
        assert doctor()["clock"]["state"] == "skip"


def test_the_sink_is_asked_beside_the_ingest_path(healthy, doctor) -> None:
    healthy.use(healthy.sink.url + "/below/v1/batches")
    assert doctor()["sink.version"]["state"] == "ok"
    assert healthy.sink.requests[0].path == "/below/v1/about"
