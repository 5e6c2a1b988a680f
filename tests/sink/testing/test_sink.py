"""The live sink: signed uploads by hand, outages, and what can be read of it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from support.events import benchmark_event
from support.uploads import PATH, Upload, new_key, payload_of
from vox_telemetry_sink.testing import PluginError, TelemetrySink
from vox_telemetry_sink.testing.sink import live_sink


def send(sink: TelemetrySink, upload: Upload) -> httpx.Response:
    upload.authority = sink.url.removeprefix("http://")
    return httpx.post(
        sink.url + PATH, content=upload.body, headers=upload.headers(), trust_env=False
    )


@contextmanager
def listening(url: str) -> Iterator[None]:
    """Take the port of a sink that does not serve."""
    with socket.socket() as somebody:
        # As a server does: connections of before the outage may not be forgotten yet.
        somebody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        somebody.bind(("127.0.0.1", int(url.rpartition(":")[2])))
        somebody.listen()
        yield


async def test_it_takes_what_its_own_key_signs_also_in_an_async_test(
    telemetry_sink: TelemetrySink,
) -> None:
    upload = Upload(telemetry_sink.signing_key)
    assert send(telemetry_sink, upload).status_code == 201
    [event] = telemetry_sink.events()
    assert (event.batch_id, event.event_index, event.key_id) == (
        upload.batch_id,
        0,
        telemetry_sink.key_id,
    )
    assert (event.metric_type, event.metric_value) == ("benchmark_event", 0.432)
    assert event.metadata["details"] == {"lane": "test_re", "ok": True, "ms": 432}
    assert telemetry_sink.events(metric_type="benchmark_event", session_id="bench:x") == []
    [batch] = telemetry_sink.batches()
    assert batch.payload == upload.payload
    assert batch.signed_request["path"] == PATH
    assert telemetry_sink.rows("SELECT name FROM client_key WHERE key_id = $1", event.key_id) == [
        ("telemetry_sink",)
    ]


def test_an_outage_is_at_the_same_url_with_its_port_taken_named_and_what_is_stored_can_be_read(
    telemetry_sink: TelemetrySink,
) -> None:
    before = telemetry_sink.url
    assert send(telemetry_sink, Upload(telemetry_sink.signing_key)).status_code == 201
    telemetry_sink.stop()
    assert not telemetry_sink.is_running()
    with pytest.raises(httpx.ConnectError):
        send(telemetry_sink, Upload(telemetry_sink.signing_key))
    assert len(telemetry_sink.events()) == 1
    port = before.rpartition(":")[2]
    with (
        listening(before),
        pytest.raises(PluginError, match=f"another program uses the port .*:{port}"),
    ):
        telemetry_sink.start()
    telemetry_sink.start()
    with pytest.raises(PluginError, match="the sink is running, expected a stopped one"):
        telemetry_sink.start()
    assert telemetry_sink.url == before
    assert send(telemetry_sink, Upload(telemetry_sink.signing_key)).status_code == 201
    assert len(telemetry_sink.batches()) == 2


def test_keys_are_enrolled_by_any_half_refusals_name_places_and_rules_and_it_ends_with_its_block(
    telemetry_database_url: str, tmp_path: Path
) -> None:
    with live_sink(telemetry_database_url, tmp_path) as sink:
        _expect_keys_by_any_half(sink)
        _expect_places_and_rules_of_a_refusal(sink)
    assert not sink.is_running()
    assert "Finished server process" in sink.log.read_text()


def _expect_keys_by_any_half(sink: TelemetrySink) -> None:
    by_signing_key, by_public_key, by_jwk = new_key(), new_key(), new_key()
    sink.enrol(by_signing_key)
    sink.enrol(by_public_key.public, families=["benchmark"])
    assert sink.enrol(by_jwk.public.jwk) == by_jwk.public.key_id
    for key in (by_signing_key, by_public_key, by_jwk):
        assert send(sink, Upload(key)).status_code == 201
    assert send(sink, Upload(new_key())).status_code == 401


def _expect_places_and_rules_of_a_refusal(sink: TelemetrySink) -> None:
    bad = benchmark_event(details={"prompt": "hunter2"})
    key = sink.signing_key
    assert send(sink, Upload(key, payload=payload_of(bad))).status_code != 201
    refused = Upload(key)
    refused.payload = refused.body = payload_of(bad, batch_id=refused.batch_id)
    assert send(sink, refused).status_code == 422
    last = sink.rejections()[-1]
    assert last.problem == "contract-refused"
    assert last.violations
    assert "hunter2" not in str(sink.rejections())


def test_a_key_is_enrolled_once(idle_sink: TelemetrySink) -> None:
    with pytest.raises(PluginError, match="is enrolled already, expected another"):
        idle_sink.enrol(idle_sink.signing_key)


def test_a_port_that_is_taken_before_the_first_start_is_left(idle_sink: TelemetrySink) -> None:
    before = idle_sink.url
    with listening(before):
        idle_sink.start()
    assert idle_sink.is_running()
    assert idle_sink.url != before


def test_a_sink_that_cannot_start_says_why(idle_sink: TelemetrySink) -> None:
    idle_sink.database_url = "postgresql://me@127.0.0.1:1/nothing"
    with pytest.raises(PluginError, match=r"(?s)ended while it started: .*vox-telemetry-sink: "):
        idle_sink.start()


def test_bodies_that_retention_took_are_empty(idle_sink: TelemetrySink) -> None:
    idle_sink.rows(
        "INSERT INTO batch VALUES (gen_random_uuid(), 'k', decode(repeat('33', 32), 'hex'), NULL,"
        " NULL, NULL, 1, now(), now(), 'producer', '1', now())"
    )
    [batch] = idle_sink.batches()
    assert (batch.payload, batch.signed_request) == (b"", {})
