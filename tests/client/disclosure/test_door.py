"""The door to http.server, with sockets: what a browser would never send, and bounds."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from vox_telemetry_client.config import Config
from vox_telemetry_client.disclosure import door as door_module
from vox_telemetry_client.disclosure.admission import Admission
from vox_telemetry_client.disclosure.door import Door
from vox_telemetry_client.disclosure.reception import Reception
from vox_telemetry_client.disclosure.replies import Reply
from vox_telemetry_client.disclosure.serving import serving
from vox_telemetry_client.errors import DisclosureError


@pytest.fixture
def port(config: Config) -> Iterator[int]:
    with serving(config) as address:
        yield urlsplit(address).port or 0


def _said(port: int, raw: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(raw)
        parts = iter(lambda: connection.recv(65_536), b"")
        return b"".join(parts)


def test_it_listens_on_loopback_alone(config: Config) -> None:
    with Door(None) as door:
        assert door.server_address[0] == "127.0.0.1"
        assert door.port > 1_023


def test_no_name_service_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> str:
        raise AssertionError("the name service was asked")

    for name in ("getfqdn", "gethostbyaddr", "gethostbyname"):
        monkeypatch.setattr(socket, name, asked)
    with Door(None):
        pass


def test_a_port_that_is_taken_is_told_with_advice() -> None:
    with (
        Door(None) as first,
        pytest.raises(DisclosureError, match=f"port {first.port} of 127.0.0.1 cannot be listened"),
    ):
        Door(first.port)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "FROB"])
def test_every_answer_carries_the_strict_headers(port: int, method: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, "/pending?a=<b>")
    answer = connection.getresponse()
    fields = dict(answer.getheaders())
    assert fields["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    assert fields["Cache-Control"] == "no-store"
    assert fields["X-Content-Type-Options"] == "nosniff"
    assert fields["Referrer-Policy"] == "no-referrer"
    assert fields["Server"] == "vox-telemetry"
    assert answer.status == (403 if method in ("GET", "HEAD") else 405)
    assert (answer.read() == b"") is (method == "HEAD")
    connection.close()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: rebound.example\r\n\r\n", b"421"),
        (b"GET / HTTP/1.1\r\n\r\n", b"421"),
        (b"GET /<script>alert(1)</script> HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", b"403"),
        (b"<script>alert(1)</script>\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\na: " + b"b" * 70_000 + b"\r\n\r\n", b"400"),
    ],
)
def test_what_no_browser_sends_is_refused_without_an_echo(
    port: int, raw: bytes, status: bytes
) -> None:
    answer = _said(port, raw.replace(b"PORT", str(port).encode()))
    assert answer.startswith(b"HTTP/1.0 " + status)
    assert b"Content-Security-Policy" in answer
    assert b"script>alert" not in answer
    assert b"Traceback" not in answer


def test_more_connections_than_the_bound_are_closed_unanswered(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "VIEW_MAX_CONNECTIONS", 2)
    with serving(config) as address:
        port = urlsplit(address).port or 0
        held = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(2)]
        for one in held:
            one.sendall(b"GET / HT")
        assert _said_or_reset(port) == b""
        for one in held:
            one.sendall(b"TP/1.1\r\n\r\n")
            assert one.recv(20).startswith(b"HTTP/1.0 421")
            one.close()


def _said_or_reset(port: int) -> bytes:
    try:
        return _said(port, b"GET / HTTP/1.1\r\n\r\n")
    except OSError:
        return b""


def test_who_sends_a_little_at_a_time_is_cut_off(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "VIEW_REQUEST_MAX_S", 0.0)
    with serving(config) as address:
        port = urlsplit(address).port or 0
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(b"GET / HT")
            assert connection.recv(100) == b""


@contextmanager
def _broken() -> Iterator[int]:
    def fail(_path: str) -> Reply:
        raise ValueError("a value of an event")

    with Door(None) as door:
        drawn = iter(("token", "session"))
        admission = Admission(door.port, lambda: next(drawn))
        reception = Reception(admission, fail, lambda status, words: Reply(status, words.encode()))
        with door.open_to(reception):
            yield door.port


def test_a_mistake_of_ours_is_one_line_by_its_kind(capfd: pytest.CaptureFixture[str]) -> None:
    with _broken() as port:
        cookie = f"vox_telemetry_view_{port}=session"
        head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n"
        answer = _said(port, head.encode())
    assert answer.startswith(b"HTTP/1.0 500")
    assert b"this page could not be made" in answer
    assert b"a value of an event" not in answer
    assert capfd.readouterr() == ("", "a page could not be made: ValueError\n")
