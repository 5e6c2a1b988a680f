"""Fixtures of the sink's tests: the real application on a real database, in process or live."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import uvicorn

from support.events import REPOSITORY
from support.uploads import AUTHORITY, Upload, new_key
from vox_telemetry_sink.app import create_app
from vox_telemetry_sink.config import Config
from vox_telemetry_sink.database import connected_pool
from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_sink.protocol import HeaderDeadlineProtocol
from vox_telemetry_sink.store import Store
from vox_telemetry_spec.keys import SigningKey

LiveSink = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    return Config(
        database_url=database_url,
        data_dir=tmp_path / "unused",
        public_authority=AUTHORITY,
        rate_per_s=10_000.0,
        rate_burst=10_000,
    )


@asynccontextmanager
async def running_sink(config: Config) -> AsyncIterator[httpx.AsyncClient]:
    """Run the application under uvicorn on a free port of loopback."""
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(config),
            host="127.0.0.1",
            port=0,
            log_config=None,
            access_log=False,
            http=HeaderDeadlineProtocol,
            proxy_headers=False,
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        assert not serving.done(), "the server did not start"
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    try:
        async with httpx.AsyncClient(
            base_url=f"http://{host}:{port}", trust_env=False, timeout=30
        ) as client:
            yield client
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
def live_sink(config: Config) -> LiveSink:
    """Start a sink with some settings changed."""
    return lambda **changes: running_sink(replace(config, **changes))


@pytest.fixture
async def client(config: Config) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a live sink."""
    async with running_sink(config) as client:
        yield client


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with connected_pool(database_url) as pool:
        yield Store(pool)


@pytest.fixture
async def key_store(database_url: str) -> AsyncIterator[KeyStore]:
    async with connected_pool(database_url) as pool:
        yield KeyStore(pool)


@pytest.fixture
async def key(key_store: KeyStore) -> SigningKey:
    """Give an enrolled key."""
    signing_key = new_key()
    await key_store.add(signing_key.public, KeyGrant("test"), now=datetime.now(UTC))
    return signing_key


@pytest.fixture
def upload(key: SigningKey) -> Callable[..., Upload]:
    """Make uploads of the enrolled key."""
    return lambda **changes: Upload(**{"key": key, **changes})


@pytest.fixture
def fetch(database_url: str) -> Callable[..., Any]:
    """Ask the database on a connection of the test's own."""

    async def fetched(query: str, *args: object) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(database_url)
        try:
            return [tuple(row) for row in await connection.fetch(query, *args)]
        finally:
            await connection.close()

    return fetched


@pytest.fixture
def repository_root() -> Path:
    return REPOSITORY
