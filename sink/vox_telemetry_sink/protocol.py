"""Cut a connection whose request does not begin to make sense in time, or within bounds.

uvicorn limits how long a connection may idle between requests, but not how long the first request,
or the headers of any, may take, nor with this parser how long they may be; without this, idle
connections would fill CONNECTIONS_MAX_COUNT and endless headers the memory. From the headers on,
`receive` holds the deadline and counts.
"""

import asyncio
from http import HTTPStatus
from typing import Final

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from vox_telemetry_spec.limits import (
    CONNECTIONS_MAX_COUNT,
    HEADERS_MAX_BYTES,
    RECEIVE_DEADLINE_S,
)
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.wire import PROBLEM_MEDIA_TYPE

OVER_LIMIT: Final = "vox_over_limit"
_BAD_REQUEST: Final = Problem(
    title=HTTPStatus.BAD_REQUEST.phrase,
    status=HTTPStatus.BAD_REQUEST.value,
    detail="this is no HTTP/1.1 request, expected one",
)


class HeaderDeadlineProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with a deadline and a length for headers."""

    header_deadline_s = RECEIVE_DEADLINE_S
    connections_max_count = CONNECTIONS_MAX_COUNT
    _headers_due: asyncio.TimerHandle | None = None
    _unfinished_bytes = 0

    # The same narrowing that uvicorn makes: a TCP server hands out transports, nothing else.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as said
        """Start the clock for the first request."""
        super().connection_made(transport)
        self._start_clock()

    def data_received(self, data: bytes) -> None:
        """Count what comes while headers are not complete, and cut them when they grow too long.

        One read may hold complete headers and a body, so it is counted after it was parsed; a
        read is at most 256 KiB.
        """
        super().data_received(data)
        if self._headers_due is None:
            self._unfinished_bytes = 0
            return
        self._unfinished_bytes += len(data)
        if self._unfinished_bytes > HEADERS_MAX_BYTES:
            self._cut()

    def on_message_begin(self) -> None:
        """Start the clock for a later request on the same connection."""
        super().on_message_begin()
        self._start_clock()

    def on_headers_complete(self) -> None:
        """Stop the clock: the application has the request now.

        uvicorn's own limit would answer in plain text; ours marks the request, and the application
        answers with a problem document.
        """
        self._stop_clock()
        self._believe_absolute_form()
        if len(self.connections) > self.connections_max_count:
            self.scope["state"][OVER_LIMIT] = True
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with a problem document, and close; `msg` is uvicorn's wording."""
        del msg
        body = msgspec.json.encode(_BAD_REQUEST)
        head = (
            "HTTP/1.1 400 Bad Request\r\n"
            f"content-type: {PROBLEM_MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock of a connection that is gone."""
        self._stop_clock()
        super().connection_lost(exc)

    def _believe_absolute_form(self) -> None:
        """Let the host of an absolute request target replace Host (RFC 9112 section 3.2.2)."""
        if self.url.startswith((b"/", b"*")) or self.parser.get_method() == b"CONNECT":
            return
        authority = self.url.partition(b"://")[2].partition(b"/")[0].partition(b"?")[0]
        self.headers[:] = [pair for pair in self.headers if pair[0] != b"host"]
        self.headers.append((b"host", authority))

    def _start_clock(self) -> None:
        if self._headers_due is None:
            self._headers_due = self.loop.call_later(self.header_deadline_s, self._cut)

    def _stop_clock(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _cut(self) -> None:
        self.transport.close()
