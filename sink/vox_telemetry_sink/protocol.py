"""Cut a connection whose request does not begin to make sense in time, or within bounds.

uvicorn limits how long a connection may idle between requests, but not how long the first request,
or the headers of any, may take, nor with this parser how long they may be; without this, idle
connections would fill CONNECTIONS_MAX_COUNT and endless headers the memory. From the headers on,
`receive` holds the deadline and counts.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from vox_telemetry_spec.limits import HEADERS_MAX_BYTES, RECEIVE_DEADLINE_S


class HeaderDeadlineProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with a deadline and a length for headers."""

    header_deadline_s = RECEIVE_DEADLINE_S
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
        """Stop the clock: the application has the request now."""
        self._stop_clock()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock of a connection that is gone."""
        self._stop_clock()
        super().connection_lost(exc)

    def _start_clock(self) -> None:
        if self._headers_due is None:
            self._headers_due = self.loop.call_later(self.header_deadline_s, self._cut)

    def _stop_clock(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _cut(self) -> None:
        self.transport.close()
