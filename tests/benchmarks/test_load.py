"""The load generator counts what it was answered, and waits count from when a request was due."""

import importlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest

from support.events import REPOSITORY

CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"
AWAY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
REQUEST = b"POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\nbody"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(REPOSITORY / "benchmarks"))
    return importlib.import_module("load")


@contextmanager
def server(answers: list[bytes], *, pause_s: float = 0.0) -> Iterator[int]:
    """Answer the requests of one connection in turn, byte by byte, each after a pause."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                for answer in answers:
                    taken = b""
                    while len(taken) < len(REQUEST):
                        taken += connection.recv(len(REQUEST) - len(taken))
                    time.sleep(pause_s)
                    for byte in answer:
                        connection.sendall(bytes([byte]))

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_answers_are_counted_by_status_however_they_arrive(load: ModuleType) -> None:
    with server([CREATED, AWAY, CREATED]) as port:
        outcome = load.saturate(port, [REQUEST] * 3, connections=1)
    assert outcome.statuses == {201: 2, 503: 1}
    assert len(outcome.waits_s) == 3
    with pytest.raises(RuntimeError, match=r"got \{201: 2, 503: 1\} by status, expected 3 of 201"):
        outcome.assert_all(201, 3)


def test_a_request_that_could_not_be_sent_when_it_was_due_has_waited_since_then(
    load: ModuleType,
) -> None:
    # All are due at once on one connection: the third waits for the two before it as well.
    with server([CREATED] * 3, pause_s=0.05) as port:
        outcome = load.pace(port, [REQUEST] * 3, [0.001] * 3, connections=1)
    assert [wait_s >= 0.05 * number for number, wait_s in enumerate(outcome.waits_s, 1)] == [
        True,
        True,
        True,
    ]


def test_nothing_is_sent_before_it_is_due(load: ModuleType) -> None:
    with server([CREATED] * 2) as port:
        outcome = load.pace(port, [REQUEST] * 2, [0.0, 0.2], connections=1)
    assert outcome.took_s >= 0.2


def test_a_connection_that_the_server_closes_is_no_measurement(load: ModuleType) -> None:
    with server([b""]) as port, pytest.raises(RuntimeError, match="closed a connection"):
        load.saturate(port, [REQUEST], connections=1)
