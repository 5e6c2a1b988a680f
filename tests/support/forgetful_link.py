"""A way to the database that loses the word of a commit: the rows are there, nobody is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

COMMITTED = b"COMMIT\0"  # the tag of CommandComplete, PostgreSQL's protocol, message formats


class ForgetfulLink:
    """A proxy of TCP; once `forgets` is set, the next commit is answered by a reset."""

    def __init__(self, dsn: str) -> None:
        self._parts = urlsplit(dsn)
        self._port = 0
        self.forgets = False
        self.forgotten = 0

    @property
    def dsn(self) -> str:
        """The database, through this link."""
        user = self._parts.netloc.rpartition("@")[0]
        return urlunsplit(self._parts._replace(netloc=f"{user}@127.0.0.1:{self._port}"))

    @asynccontextmanager
    async def open(self) -> AsyncIterator["ForgetfulLink"]:
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._parts.hostname, self._parts.port
        far_reader, far_writer = await asyncio.open_connection(host, port)
        await asyncio.gather(
            self._pump(reader, far_writer, writer, listens=False),
            self._pump(far_reader, writer, far_writer, listens=True),
        )

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        *,
        listens: bool,
    ) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                if listens and self.forgets and COMMITTED in data:
                    self.forgets = False
                    self.forgotten += 1
                    sink.transport.abort()
                    back.transport.abort()
                    return
                sink.write(data)
            sink.close()
