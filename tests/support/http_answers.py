"""The ways in which the misbehaving server can answer one request.

Every answer closes its connection: one connection is one request, so a script reads in order.
"""

import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import responses

READ_WITHIN_S = 30


@dataclass(frozen=True)
class Request:
    """One recorded request; header names are in lower case, the body is as it came (not decoded)."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What is done with one connection, and whether the request is read and recorded first."""

    send: Callable[["Connection", Request], None]
    reads_request: bool = True


class Connection:
    """One accepted connection, and the event that says the server is stopping."""

    def __init__(self, client: socket.socket, stopping: threading.Event) -> None:
        client.settimeout(READ_WITHIN_S)
        self.socket = client
        self._stopping = stopping

    def read_request(self) -> Request | None:
        """Read one request with its body; None when the other end closed without sending any."""
        with self.socket.makefile("rb") as stream:
            first = stream.readline().decode("latin-1").split()
            if not first:
                return None
            headers: dict[str, str] = {}
            while (line := stream.readline().decode("latin-1").strip()) != "":
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = stream.read(int(headers.get("content-length", "0")))
            if headers.get("transfer-encoding") == "chunked":
                while size := int(stream.readline(), 16):
                    body += stream.read(size)
                    stream.readline()
                stream.readline()
        return Request(first[0], first[1], headers, body)

    def pause(self, seconds: float) -> bool:
        """Wait; True when the server is stopping and the answer should end."""
        return self._stopping.wait(seconds)


def reply(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with a status, a body and headers; Content-Length is right unless given."""
    return Answer(lambda c, _: c.socket.sendall(_head(status, len(body), headers) + body))


def computed(make: Callable[[Request], tuple[int, Mapping[str, str], bytes]]) -> Answer:
    """Answer with the status, headers and body made from the request."""

    def send(connection: Connection, request: Request) -> None:
        status, headers, body = make(request)
        connection.socket.sendall(_head(status, len(body), headers) + body)

    return Answer(send)


def html(status: int = 200) -> Answer:
    """Answer as a captive portal does: an HTML page."""
    return reply(status, b"<!doctype html><title>Sign in</title>", {"Content-Type": "text/html"})


def redirect(to: str, status: int = 307) -> Answer:
    """Point to another place."""
    return reply(status, headers={"Location": to})


def hang(seconds: float) -> Answer:
    """Read the request, say nothing for so long, then close."""

    def send(connection: Connection, _: Request) -> None:
        connection.pause(seconds)

    return Answer(send)


def close_before_reading() -> Answer:
    """Reset the connection without reading the request; it is not recorded."""
    return Answer(lambda c, _: _reset(c.socket), reads_request=False)


def close_after_reading() -> Answer:
    """Read the whole request, then close without an answer."""
    return Answer(lambda _c, _r: None)


def reset_midway(read_bytes: int = 100) -> Answer:
    """Read the beginning of the request, then reset the connection; it is not recorded."""

    def send(connection: Connection, _: Request) -> None:
        connection.socket.recv(read_bytes)
        _reset(connection.socket)

    return Answer(send, reads_request=False)


def reset_after_reading() -> Answer:
    """Read the whole request, then reset the connection."""
    return Answer(lambda c, _: _reset(c.socket))


def raw(*parts: bytes, every_s: float = 0.0) -> Answer:
    """Send these bytes as they are, with a pause after each part."""

    def send(connection: Connection, _: Request) -> None:
        for part in parts:
            connection.socket.sendall(part)
            if every_s and connection.pause(every_s):
                return

    return Answer(send)


def cut_body(status: int, body: bytes, *, sent_bytes: int) -> Answer:
    """Promise the whole body, send its beginning, close."""
    return Answer(lambda c, _: c.socket.sendall(_head(status, len(body), None) + body[:sent_bytes]))


def huge_body(status: int, *, size_bytes: int) -> Answer:
    """Send a body of so many bytes, 64 KiB at a time, without saying its length beforehand."""

    def send(connection: Connection, _: Request) -> None:
        connection.socket.sendall(_head(status, None, {"Content-Type": "application/json"}))
        for start in range(0, size_bytes, 65_536):
            connection.socket.sendall(b" " * min(65_536, size_bytes - start))

    return Answer(send)


def drip(status: int, body: bytes, *, every_s: float) -> Answer:
    """Send the body one byte at a time with a pause after each."""

    def send(connection: Connection, _: Request) -> None:
        connection.socket.sendall(_head(status, len(body), None))
        for byte in body:
            connection.socket.sendall(bytes([byte]))
            if connection.pause(every_s):
                return

    return Answer(send)


def not_http(raw: bytes = b"SSH-2.0-OpenSSH_9.6\r\n") -> Answer:
    """Send bytes that are no HTTP answer."""
    return Answer(lambda c, _: c.socket.sendall(raw))


def _head(status: int, length: int | None, headers: Mapping[str, str] | None) -> bytes:
    fields = {} if length is None else {"Content-Length": str(length)}
    fields |= {"Connection": "close"} | dict(headers or {})
    lines = [f"HTTP/1.1 {status} {responses.get(status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _reset(client: socket.socket) -> None:
    # SO_LINGER with zero seconds: close() sends RST instead of FIN.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
