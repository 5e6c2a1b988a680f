"""The database goes away under a running sink and comes back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import httpx
import pytest

from support.uploads import Upload
from vox_telemetry_spec.problems import ProblemType

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
LiveSink = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


class Link:
    """The way to the database: a proxy that can be cut, as a restart does, or hang, as a pause."""

    def __init__(self, dsn: str) -> None:
        self._parts = urlsplit(dsn)
        self._open = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def dsn(self) -> str:
        """The database, through this link."""
        user = self._parts.netloc.rpartition("@")[0] or parse_qs(self._parts.query)["user"][0]
        netloc = f"{user}@127.0.0.1:{self._port}"
        return urlunsplit((self._parts.scheme, netloc, self._parts.path, "", ""))

    async def restore(self) -> None:
        self._open.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._join, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    def hang(self) -> None:
        self._open.clear()

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        await asyncio.sleep(0)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        folder = parse_qs(self._parts.query).get("host")
        if folder:
            far = await asyncio.open_unix_connection(f"{folder[0]}/.s.PGSQL.5432")
        else:
            far = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        self._writers += [writer, far[1]]
        await asyncio.gather(self._pump(reader, far[1]), self._pump(far[0], writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                await self._open.wait()
                writer.write(data)
            writer.close()


@pytest.fixture
async def link(database_url: str) -> AsyncIterator[Link]:
    made = Link(database_url)
    await made.restore()
    yield made
    made._open.set()
    await made.cut()


async def test_away_is_503_and_it_recovers_by_itself(
    live_sink: LiveSink, link: Link, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    async with live_sink(database_url=link.dsn) as client:
        assert (await upload().post(client)).status_code == 201
        await link.cut()
        lost = upload()
        answer = await lost.post(client)
        assert answer.status_code == 503
        assert answer.json()["type"] == ProblemType.STORE_UNAVAILABLE.uri
        assert answer.headers["retry-after"] == "2"
        assert (await client.get("/readyz")).status_code == 503
        await link.restore()
        assert (await lost.post(client)).status_code == 201
        assert (await client.get("/readyz")).status_code == 200
    assert await fetch("SELECT count(*) FROM batch") == [(2,)]


async def test_a_database_that_hangs_is_503_in_time(
    live_sink: LiveSink, link: Link, upload: Callable[..., Upload], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vox_telemetry_sink.database.STORE_STATEMENT_DEADLINE_S", 0.5)
    monkeypatch.setattr("vox_telemetry_sink.database.STORE_CONNECT_DEADLINE_S", 0.5)
    async with live_sink(database_url=link.dsn) as client:
        assert (await upload().post(client)).status_code == 201
        link.hang()
        answers = await asyncio.wait_for(
            asyncio.gather(*(upload().post(client) for _ in range(5))), 10
        )
        assert [answer.status_code for answer in answers] == [503] * 5
        await link.restore()
        await asyncio.sleep(0.1)
        assert (await upload().post(client)).status_code == 201


async def test_connections_that_the_server_ended_are_replaced(
    client: httpx.AsyncClient, upload: Callable[..., Upload], fetch: Fetch
) -> None:
    for _ in range(3):
        assert (await upload().post(client)).status_code == 201
        await fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await asyncio.sleep(0.05)
        assert (await upload().post(client)).status_code == 201
