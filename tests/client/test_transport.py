import socket
import time
from threading import Timer

import pytest

from support.http_answers import (
    Answer as Scripted,
)
from support.http_answers import (
    close_after_reading,
    close_before_reading,
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
from vox_telemetry_client.delivery import Answer, Fault
from vox_telemetry_client.errors import NotConfiguredError
from vox_telemetry_client.transport import Transport
from vox_telemetry_spec.wire import IngestTarget, ingest_target


def _post(url: str, body: bytes = b"{}", **patience: float) -> Answer | Fault:
    with Transport(
        ingest_target(url), "test/1", **({"silence_s": 20.0, "request_s": 30.0} | patience)
    ) as transport:
        return transport.post({"x-one": "1"}, body)


def test_the_bytes_arrive_as_they_are() -> None:
    with misbehaving_server(reply(201, b"body", {"X-Two": "2"})) as server:
        host = f"127.0.0.1:{server.port}"
        answer = _post(server.url, b'{"a": "\xc3\xa9"}')
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.headers["x-two"]) == (201, b"body", "2")
    (request,) = server.requests
    assert (request.method, request.path, request.body) == (
        "POST",
        "/v1/batches",
        b'{"a": "\xc3\xa9"}',
    )
    assert request.headers["x-one"] == "1"
    assert request.headers["user-agent"] == "test/1"
    assert request.headers["host"] == host
    assert "content-encoding" not in request.headers


def test_the_headers_shown_are_the_headers_sent() -> None:
    with (
        misbehaving_server(reply(201)) as server,
        Transport(ingest_target(server.url), "test/1") as transport,
    ):
        shown = transport.all_headers({"x-one": "1"}, b"{}")
        transport.post({"x-one": "1"}, b"{}")
    assert {name.lower(): value for name, value in shown.items()} == dict(
        server.requests[0].headers
    )


@pytest.mark.parametrize(
    ("scripted", "fault", "patience"),
    [
        (hang(30), Fault.TIMEOUT, {"silence_s": 0.5}),
        (drip(201, b"x" * 1_000, every_s=0.1), Fault.TIMEOUT, {"request_s": 1.5}),
        (close_after_reading(), Fault.CLOSED, {}),
        (cut_body(201, b"x" * 100, sent_bytes=10), Fault.CLOSED, {}),
        (not_http(), Fault.CLOSED, {}),
    ],
    ids=["hang", "drip", "close-after", "cut", "not-http"],
)
def test_no_answer_is_classified_in_bounded_time(
    scripted: Scripted, fault: Fault, patience: dict[str, float]
) -> None:
    began = time.monotonic()
    with misbehaving_server(scripted) as server:
        assert _post(server.url, **patience) is fault
    assert time.monotonic() - began < 20


def test_a_reset_right_after_the_connect_may_look_refused() -> None:
    """The reset may come before the client has set the socket's options, or after."""
    with misbehaving_server(close_before_reading()) as server:
        assert _post(server.url) in {Fault.CLOSED, Fault.REFUSED}


def test_a_refused_port_and_an_unknown_host() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert _post(f"http://127.0.0.1:{unused.getsockname()[1]}") is Fault.REFUSED
    assert _post("https://no-such-host.invalid") is Fault.DNS


def test_a_redirect_is_an_answer_and_nothing_goes_there() -> None:
    with misbehaving_server(reply(201)) as other, misbehaving_server(redirect(other.url)) as server:
        answer = _post(server.url)
        assert isinstance(answer, Answer)
        assert answer.status == 307
        assert other.requests == []


def test_a_long_body_is_not_read_to_its_end() -> None:
    with misbehaving_server(huge_body(201, size_bytes=50_000_000)) as server:
        answer = _post(server.url)
    assert answer == Answer(201, answer.headers, None)  # type: ignore[union-attr]


def test_a_body_at_the_limit_is_read() -> None:
    with misbehaving_server(reply(201, b"x" * 65_536), reply(201, b"x" * 65_537)) as server:
        answers = [_post(server.url), _post(server.url)]
    assert [answer.body for answer in answers if isinstance(answer, Answer)] == [
        b"x" * 65_536,
        None,
    ]


def test_a_coded_body_is_never_unpacked() -> None:
    with misbehaving_server(reply(201, b"\x1f\x8b", {"Content-Encoding": "gzip"})) as server:
        answer = _post(server.url)
    assert isinstance(answer, Answer)
    assert answer.body is None


def test_a_captive_portal_is_an_answer() -> None:
    with misbehaving_server(html()) as server:
        answer = _post(server.url)
    assert isinstance(answer, Answer)
    assert answer.status == 200


def test_a_connection_is_used_again_or_made_anew() -> None:
    with (
        misbehaving_server(reply(500), close_after_reading(), reply(201)) as server,
        Transport(ingest_target(server.url), "test/1") as transport,
    ):
        answers = [transport.post({}, b"{}") for _ in range(3)]
    assert [answer.status if isinstance(answer, Answer) else answer for answer in answers] == [
        500,
        Fault.CLOSED,
        201,
    ]


def test_https_to_a_plain_server_is_a_tls_failure() -> None:
    plain = Scripted(
        lambda connection, _: connection.socket.sendall(b"SSH-2.0\r\n"), reads_request=False
    )
    with misbehaving_server(plain) as server:
        assert _post(server.url.replace("http:", "https:")) is Fault.TLS


@pytest.mark.parametrize(("authority", "path"), [("sink.example", "/a b"), ("sínk.example", "/v1")])
def test_a_url_that_would_be_rewritten_is_refused(authority: str, path: str) -> None:
    target = IngestTarget(f"https://{authority}{path}", authority, path)
    with pytest.raises(NotConfiguredError, match="not in its plain form, expected an ASCII host"):
        Transport(target, "test/1")


def test_a_request_is_abandoned_from_another_thread() -> None:
    with (
        misbehaving_server(hang(30)) as server,
        Transport(ingest_target(server.url), "test/1") as transport,
    ):
        timer = Timer(0.3, transport.abandon)
        timer.start()
        assert transport.post({}, b"{}") is Fault.CLOSED  # and no timeout
        timer.join()


def test_no_request_outlives_an_abandoned_transport() -> None:
    with (
        misbehaving_server(then=hang(30)) as server,
        Transport(ingest_target(server.url), "test/1") as transport,
    ):
        transport.abandon()
        assert isinstance(transport.post({}, b"{}"), Fault)


def test_a_redirect_is_not_even_read() -> None:
    with misbehaving_server(then=redirect("http://xn--a/")) as server:
        answer = _post(server.url)
    assert isinstance(answer, Answer)
    assert answer.status == 307


@pytest.mark.parametrize("cookie", ["id=1; Path=/", "\xff=\x80; Max-Age=9"])
def test_no_cookie_is_kept(cookie: str) -> None:
    with (
        misbehaving_server(then=reply(503, b"", {"Set-Cookie": cookie})) as server,
        Transport(ingest_target(server.url), "test/1") as transport,
    ):
        for _ in range(2):
            assert isinstance(transport.post({}, b"{}"), Answer)
    assert [request.headers.get("cookie") for request in server.requests] == [None, None]
