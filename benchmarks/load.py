"""The load: requests made beforehand, over connections that are kept, as cheaply as Python can.

It takes processor time from the sink and Postgres, which share the machine with it: one thread,
plain sockets, no HTTP library. Of an answer the status and the length are read.
"""

import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

READ_BYTES = 65_536
ANSWERED_WITHIN_S = 60.0
DEFAULT_CONNECTIONS = 64


@dataclass
class Outcome:
    """What came of a load: how long it took, the answers by status, the waits, what it cost."""

    took_s: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    waits_s: list[float] = field(default_factory=list)
    processor_s: float = 0.0

    def assert_all(self, status: int, count: int) -> None:
        """Refuse to call it a measurement when not every request got this answer.

        Raises:
            RuntimeError: naming the statuses that came.

        """
        if self.statuses != {status: count}:
            raise RuntimeError(f"got {dict(self.statuses)} by status, expected {count} of {status}")


class _Connection:
    """One kept connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWERED_WITHIN_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.since_s = 0.0
        self._answer = b""

    def send(self, request: bytes, since_s: float) -> None:
        """Send; the wait for the answer counts from `since_s`."""
        self.since_s = since_s
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """Read what has come; return the status once the answer is whole."""
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise RuntimeError("the server closed a connection, expected it to be kept")
        self._answer += data
        end = self._answer.find(b"\r\n\r\n")
        if end < 0 or len(self._answer) < end + 4 + _length(self._answer[:end].lower()):
            return None
        status = int(self._answer[9:12])
        self._answer = b""
        return status


class _Run:
    """All requests of one load, sent in their order."""

    def __init__(
        self,
        requests: Sequence[bytes],
        due_s: Sequence[float] | None,
        connections: list[_Connection],
    ) -> None:
        self._requests = requests
        self._due_s = due_s
        # In turn: taking the last one back first would keep a few connections busy, and with them
        # perhaps one worker of two.
        self._free = deque(connections)
        self._sent = 0
        self._began_s = 0.0
        self._outcome = Outcome()

    def to_the_end(self, selector: selectors.BaseSelector) -> Outcome:
        """Send and receive until every request has its answer."""
        for connection in self._free:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        cost_s, outcome = time.process_time(), self._outcome
        self._began_s = time.perf_counter()
        while len(outcome.waits_s) < len(self._requests):
            pause_s = self._send_what_is_due()
            ready = selector.select(ANSWERED_WITHIN_S if pause_s is None else pause_s)
            if not ready and pause_s is None:
                raise RuntimeError(f"no answer within {ANSWERED_WITHIN_S:.0f} s")
            for key, _ in ready:
                self._receive(key.data)
        outcome.took_s = time.perf_counter() - self._began_s
        outcome.processor_s = time.process_time() - cost_s
        return outcome

    def _send_what_is_due(self) -> float | None:
        """Return how long nothing more is due; None while only an answer lets the next one go."""
        while self._free and self._sent < len(self._requests):
            since_s = now_s = time.perf_counter()
            if self._due_s is not None:
                since_s = self._began_s + self._due_s[self._sent]
            if since_s > now_s:
                return since_s - now_s
            self._free.popleft().send(self._requests[self._sent], since_s)
            self._sent += 1
        return None

    def _receive(self, connection: _Connection) -> None:
        status = connection.receive()
        if status is not None:
            self._outcome.statuses[status] += 1
            self._outcome.waits_s.append(time.perf_counter() - connection.since_s)
            self._free.append(connection)


def saturate(
    port: int, requests: Sequence[bytes], *, connections: int = DEFAULT_CONNECTIONS
) -> Outcome:
    """Send all requests, on each connection the next as soon as the last was answered."""
    with selectors.DefaultSelector() as selector, _opened(port, connections, requests) as opened:
        return _Run(requests, None, opened).to_the_end(selector)


def pace(
    port: int,
    requests: Sequence[bytes],
    due_s: Sequence[float],
    *,
    connections: int = DEFAULT_CONNECTIONS,
) -> Outcome:
    """Send each request when it is due, after so many seconds, whatever became of those before.

    The wait counts from that moment also where no connection was free then, so that a server that
    stalls is not spared the requests which would have come meanwhile (coordinated omission).
    """
    # select() waits to the microsecond; epoll, rounding up to the next millisecond, would be late.
    with selectors.SelectSelector() as selector, _opened(port, connections, requests) as opened:
        return _Run(requests, due_s, opened).to_the_end(selector)


@contextmanager
def _opened(port: int, count: int, requests: Sequence[bytes]) -> Iterator[list[_Connection]]:
    with ExitStack() as stack:
        opened = []
        for _ in range(min(count, len(requests))):
            opened.append(_Connection(port))
            stack.enter_context(opened[-1].socket)
        yield opened


def _length(head: bytes) -> int:
    found = head.find(b"\r\ncontent-length:")
    return int(head[found + 17 :].split(b"\r\n", 1)[0]) if found >= 0 else 0
