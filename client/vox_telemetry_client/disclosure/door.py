"""The only door to http.server: on loopback alone, with a bound on everything a visitor can use.

`http.server` warns that it is not for production: it lacks TLS, access control and bounds. Nothing
leaves loopback, `reception` is the access control, and the bounds are here.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from socketserver import TCPServer
from threading import Lock, Thread
from typing import Any, ClassVar

from vox_telemetry_client.disclosure.admission import HOST
from vox_telemetry_client.disclosure.reception import Reception, Request
from vox_telemetry_client.disclosure.replies import HEADERS, Reply
from vox_telemetry_client.errors import DisclosureError, os_words
from vox_telemetry_client.limits import (
    VIEW_MAX_CONNECTIONS,
    VIEW_REQUEST_MAX_S,
    VIEW_SILENCE_S,
)

_POLL_S = 0.2  # how soon a connection that takes too long is noticed, and the end


class Door(ThreadingHTTPServer):
    """Listens; answers nothing before `open_to`."""

    daemon_threads = True  # one that waits for a browser must not hold up the end
    # Elsewhere than on POSIX the option would let another process take over the port.
    allow_reuse_address = os.name == "posix"

    def __init__(self, port: int | None) -> None:
        """Listen on this port of 127.0.0.1, or on any free one.

        Raises:
            DisclosureError: somebody else listens there, or nobody may.

        """
        self._reception: Reception | None = None
        self._since: dict[socket, float] = {}
        self._counting = Lock()
        try:
            super().__init__((HOST, port or 0), _Visit)
        except OSError as exc:
            raise DisclosureError(
                f"port {port} of {HOST} cannot be listened on: {os_words(exc)}; choose another "
                "with --port, or leave it out for a free one"
            ) from exc

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def server_bind(self) -> None:
        """Bind, without the base class's question to the name service for this machine's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.port

    @contextmanager
    def open_to(self, reception: Reception) -> Iterator[None]:
        """Answer requests inside the block, in threads of their own."""
        self._reception = reception
        serving = Thread(target=self.serve_forever, args=(_POLL_S,), daemon=True)
        serving.start()
        try:
            yield
        finally:
            self.shutdown()
            serving.join()

    @property
    def reception(self) -> Reception:
        """Who answers.

        Raises:
            RuntimeError: nobody yet; a connection is only taken inside `open_to`.

        """
        if self._reception is None:
            raise RuntimeError("a request came before the door was open")
        return self._reception

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ANN401, ARG002 -- as in socketserver
        """Take a connection unless VIEW_MAX_CONNECTIONS are open."""
        with self._counting:
            if len(self._since) >= VIEW_MAX_CONNECTIONS:
                return False
            self._since[request] = time.monotonic()
            return True

    def service_actions(self) -> None:
        """End the connections that have lasted too long, however little they send at a time."""
        late_s = time.monotonic() - VIEW_REQUEST_MAX_S
        with self._counting:
            late = [one for one, since_s in self._since.items() if since_s < late_s]
        for one in late:
            with suppress(OSError):  # it has just ended
                one.shutdown(SHUT_RDWR)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 -- as in socketserver
        """End one connection, and count it no more."""
        with self._counting:
            self._since.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- as in socketserver
        """Say nothing: a visitor who left before the end is no trouble."""


class _Visit(BaseHTTPRequestHandler):
    """One connection, one request: HTTP/1.0, so that no connection is kept."""

    server: Door
    timeout: ClassVar[float] = VIEW_SILENCE_S
    server_version, sys_version = "vox-telemetry", ""

    def do_GET(self) -> None:
        """Answer with the whole page."""
        try:
            reply = self.server.reception.answer(self._request())
        except Exception as exc:  # noqa: BLE001 -- whatever a mistake of ours raises
            # What it says of itself may hold a value.
            _note(f"a page could not be made: {type(exc).__name__}")
            reply = self.server.reception.failed()
        self._send(reply)

    do_HEAD = do_GET  # noqa: N815 -- the name that http.server looks for

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what http.server refuses itself, without repeating any of it."""
        del message, explain  # they quote the request
        reception = self.server.reception
        if code == HTTPStatus.NOT_IMPLEMENTED:  # a method that has no function here
            self._send(reception.answer(self._request()))
        else:
            self._send(reception.malformed())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- as in http.server
        """Print nothing: a line would hold the token."""

    def version_string(self) -> str:
        """Return the Server field, which need not tell versions."""
        return self.server_version

    def _request(self) -> Request:
        return Request(
            method=self.command,
            path=self.path.partition("?")[0],
            hosts=self.headers.get_all("Host", []),
            cookies=self.headers.get_all("Cookie", []),
        )

    def _send(self, reply: Reply) -> None:
        # A line that cannot be read leaves http.server at HTTP/0.9, which has no header fields.
        self.request_version = "HTTP/1.0"
        self.close_connection = True
        self.send_response(reply.status)
        for name, value in (*HEADERS, *reply.headers):
            self.send_header(name, value)
        self.send_header("Content-Type", reply.media_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)


def _note(text: str) -> None:
    if sys.stderr is not None:  # closed, as by `2>&-`
        with suppress(OSError):
            sys.stderr.write(f"{text}\n")
