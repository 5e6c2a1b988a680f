"""A sink with its console for a browser: served by a thread, since a browser's test is no coroutine."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import asyncpg
import httpx
import uvicorn

from support.console import add_token
from support.uploads import Upload
from vox_telemetry_sink.app import create_app
from vox_telemetry_sink.config import Config
from vox_telemetry_sink.console.token_store import TokenStore
from vox_telemetry_sink.console.visitor import Role
from vox_telemetry_sink.database import Pool, connected_pool
from vox_telemetry_sink.protocol import HeaderDeadlineProtocol

T = TypeVar("T")


class ConsoleSink(NamedTuple):
    """A served sink; `admin` and `viewer` are tokens for its console."""

    url: str
    database_url: str
    admin: str
    viewer: str

    def with_pool(self, act: Callable[[Pool], Awaitable[T]]) -> T:
        """Do something to its database."""
        return with_pool(self.database_url, act)

    def upload(self, upload: Upload) -> httpx.Response:
        """Send a batch as a client does."""
        upload.authority = self.url.partition("://")[2]
        return apart(lambda: _posted(self.url, upload))

    def fetch(self, query: str, *args: object) -> list[tuple[Any, ...]]:
        """Ask its database."""

        async def fetched(pool: Pool) -> list[asyncpg.Record]:
            return await pool.fetch(query, *args)

        return [tuple(row) for row in self.with_pool(fetched)]


def apart(act: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine in a thread of its own: while a browser runs, none can run in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(lambda: asyncio.run(_awaited(act))).result()


def with_pool(database_url: str, act: Callable[[Pool], Awaitable[T]]) -> T:
    """Do something to a database."""

    async def acted() -> T:
        async with connected_pool(database_url) as pool:
            return await act(pool)

    return apart(acted)


@contextmanager
def console_sink(database_url: str, data_dir: Path) -> Iterator[ConsoleSink]:
    """Serve a sink on a free port of loopback, with a token for each role."""

    async def tokens(pool: Pool) -> tuple[str, str]:
        store = TokenStore(pool)
        admin = await add_token(store, Role.ADMIN, name="Ada")
        viewer = await add_token(store, Role.VIEWER, name="Vic")
        return admin.shown, viewer.shown

    admin, viewer = with_pool(database_url, tokens)
    config = Config(database_url=database_url, data_dir=data_dir)
    with _served(config) as url:
        yield ConsoleSink(url, database_url, admin, viewer)


@contextmanager
def _served(config: Config) -> Iterator[str]:
    port: Future[int] = Future()
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(config),
            log_config=None,
            access_log=False,
            http=HeaderDeadlineProtocol,
            ws="none",
            timeout_graceful_shutdown=5,
        )
    )
    thread = threading.Thread(target=lambda: asyncio.run(_serve(server, port)))
    thread.start()
    try:
        yield f"http://127.0.0.1:{port.result(30)}"
    finally:
        server.should_exit = True
        thread.join()


async def _serve(server: uvicorn.Server, port: Future[int]) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port.set_result(listening.getsockname()[1])  # who connects before it is ready waits
    await server.serve(sockets=[listening])


async def _posted(url: str, upload: Upload) -> httpx.Response:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        return await upload.post(client)


async def _awaited(act: Callable[[], Awaitable[T]]) -> T:
    return await act()
