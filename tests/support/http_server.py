"""A real HTTP server that misbehaves on request: each answer is scripted, each request recorded."""

import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from support.http_answers import Answer, Connection, Request, reply

JOINED_WITHIN_S = 10
INTERNAL_ERROR = reply(500)


class MisbehavingServer:
    """The scripted server; get one from `misbehaving_server`, which also stops it."""

    def __init__(self, *answers: Answer, then: Answer, tls: ssl.SSLContext | None) -> None:
        self.requests: list[Request] = []
        self._answers = deque(answers)
        self._then = then
        self._tls = tls
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._start(self._accept)

    @property
    def port(self) -> int:
        """The free port of 127.0.0.1 it listens on."""
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """Its origin: `http://127.0.0.1:PORT`, with https when it speaks TLS."""
        return f"http{'s' * bool(self._tls)}://127.0.0.1:{self.port}"

    def script(self, *answers: Answer) -> None:
        """Queue more answers, one for each coming request."""
        with self._lock:
            self._answers.extend(answers)

    def stop(self) -> None:
        """Close the port, wake every hanging answer, join every thread."""
        self._stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._listener.close()
        for thread in self._threads:
            thread.join(JOINED_WITHIN_S)
            assert not thread.is_alive(), "an answer of the misbehaving server did not end"

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        # A client that gives up closes its end in the middle of an answer: that is expected.
        with client, suppress(ConnectionError, TimeoutError, ssl.SSLError):
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            with client:
                self._answer(Connection(client, self._stopping))

    def _answer(self, connection: Connection) -> None:
        with self._lock:
            answer = self._answers.popleft() if self._answers else self._then
        if answer.reads_request:
            request = connection.read_request()
            if request is None:  # a probe of the port that sent nothing: not a request
                with self._lock:
                    self._answers.appendleft(answer)
                return
            self.requests.append(request)
            answer.send(connection, request)
        else:
            answer.send(connection, Request("", "", {}, b""))


@contextmanager
def misbehaving_server(
    *answers: Answer,
    then: Answer = INTERNAL_ERROR,
    tls: ssl.SSLContext | None = None,
) -> Iterator[MisbehavingServer]:
    """Serve the answers in their order on a free port of 127.0.0.1, then `then` for ever."""
    server = MisbehavingServer(*answers, then=then, tls=tls)
    try:
        yield server
    finally:
        server.stop()
