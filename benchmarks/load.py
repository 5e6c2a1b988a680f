"""The load: requests made beforehand, over connections that are kept, as cheaply as Python can.

It takes processor time from the sink and Postgres, which share the machine with it: one thread,
plain sockets, no HTTP library. Of an answer the status and the length are read.
"""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Sequence
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


def saturate(
    port: int, requests: Sequence[bytes], *, connections: int = DEFAULT_CONNECTIONS
) -> Outcome:
    """Send all requests, on each connection the next as soon as the last was answered."""
    return _run(port, requests, [0.0] * len(requests), selectors.DefaultSelector(), connections)


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
    return _run(port, requests, due_s, selectors.SelectSelector(), connections)


def _run(
    port: int,
    requests: Sequence[bytes],
    due_s: Sequence[float],
    selector: selectors.BaseSelector,
    connections: int,
) -> Outcome:
    free = [_Connection(port) for _ in range(min(connections, len(requests)))]
    for connection in free:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    opened = list(free)
    outcome, clock = Outcome(), time.perf_counter
    cost_s, began_s = time.process_time(), clock()
    sent = answered = 0
    while answered < len(requests):
        while free and sent < len(requests) and began_s + due_s[sent] <= (now_s := clock()):
            free.pop().send(requests[sent], began_s + due_s[sent] if due_s[sent] else now_s)
            sent += 1
        idle = free and sent < len(requests)
        ready = selector.select(began_s + due_s[sent] - clock() if idle else ANSWERED_WITHIN_S)
        if not ready and not idle:
            raise RuntimeError(f"no answer within {ANSWERED_WITHIN_S:.0f} s")
        for key, _ in ready:
            status = key.data.receive()
            if status is not None:
                answered += 1
                outcome.statuses[status] += 1
                outcome.waits_s.append(clock() - key.data.since_s)
                free.append(key.data)
    outcome.took_s, outcome.processor_s = clock() - began_s, time.process_time() - cost_s
    selector.close()
    for connection in opened:
        connection.socket.close()
    return outcome


def _length(head: bytes) -> int:
    found = head.find(b"\r\ncontent-length:")
    return int(head[found + 17 :].split(b"\r\n", 1)[0]) if found >= 0 else 0
