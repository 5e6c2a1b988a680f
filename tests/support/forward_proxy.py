"""A small real forward proxy on loopback: CONNECT only, names resolved by a table of the test's."""

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

PIECE_BYTES = 65_536
JOINED_WITHIN_S = 10


class ForwardProxy:
    """Tunnels to the ports that `hosts` names; remembers each CONNECT and its credentials."""

    def __init__(
        self, hosts: Mapping[str, int], refusal: int | None, tls: ssl.SSLContext | None
    ) -> None:
        self.connects: list[str] = []
        self.authorizations: list[str | None] = []
        self._hosts = hosts
        self._refusal = refusal
        self._tls = tls
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._start(self._accept)

    @property
    def port(self) -> int:
        """The free port of 127.0.0.1 it listens on."""
        return int(self._listener.getsockname()[1])

    def stop(self) -> None:
        """Close everything and join every thread."""
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(JOINED_WITHIN_S)
            assert not thread.is_alive(), "a tunnel of the proxy did not end"

    def _start(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError):
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
                self._open.append(client)
            with client.makefile("rb", buffering=0) as stream:
                target = stream.readline().split()[1].decode()
                headers = dict(
                    line.decode().strip().lower().split(": ", 1)
                    for line in iter(stream.readline, b"\r\n")
                )
            self.connects.append(target)
            self.authorizations.append(headers.get("proxy-authorization"))
            if self._refusal is not None:
                client.sendall(f"HTTP/1.1 {self._refusal} No\r\nContent-Length: 0\r\n\r\n".encode())
                client.close()
                return
            server = socket.create_connection(("127.0.0.1", self._hosts[target]))
            self._open.append(server)
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            self._start(_pipe, client, server)
            _pipe(server, client)


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(PIECE_BYTES):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def forward_proxy(
    hosts: Mapping[str, int] | None = None,
    *,
    refusal: int | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[ForwardProxy]:
    """Serve CONNECT to `HOST:PORT` of the table; with `refusal`, answer each with that status."""
    proxy = ForwardProxy(hosts or {}, refusal, tls)
    try:
        yield proxy
    finally:
        proxy.stop()
