"""A round robin over several servers, by connection, as a load balancer in front of sinks does it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import cycle

PIECE_BYTES = 65_536


class Balancer:
    """Passes each new connection to the next server that takes one; a cut is passed on as a cut."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.passed = dict.fromkeys(ports, 0)
        self.port = 0
        self._next = cycle(ports)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Balancer"]:
        """Listen on a free port of loopback for the length of a block."""
        server = await asyncio.start_server(self._join, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in self.passed:
            port = next(self._next)
            with suppress(ConnectionRefusedError):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
                self.passed[port] += 1
                await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
                return
        writer.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(PIECE_BYTES):
            sink.write(data)
            await sink.drain()
    sink.close()
