"""Readiness follows a real server that is paused, killed and started again; the sink is not."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from support import containers
from support.postgres import in_own_loop
from support.uploads import Upload, new_key
from vox_telemetry_sink.database import connected_pool, migrate
from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_sink.key_store import KeyStore

LiveSink = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def own_server() -> Iterator[tuple[Any, str]]:
    """Run a server of this test's own at a port that stays."""
    containers.need_engine()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with containers.postgres_container(host_port=port) as container:
        dsn = container.get_connection_url()
        in_own_loop(lambda: migrate(dsn))
        yield container.get_wrapped_container(), dsn


async def becomes(client: httpx.AsyncClient, status: int) -> None:
    async with asyncio.timeout(40):
        while (await client.get("/readyz")).status_code != status:  # noqa: ASYNC110 -- it is asked over HTTP
            await asyncio.sleep(0.2)


async def test_ready_is_false_while_the_database_is_paused_or_killed_and_true_again_without_a_restart(
    live_sink: LiveSink, own_server: tuple[Any, str]
) -> None:
    server, dsn = own_server
    key = new_key()
    async with connected_pool(dsn) as pool:
        await KeyStore(pool).add(key.public, KeyGrant("test"), now=datetime.now(UTC))
    async with live_sink(database_url=dsn) as client:
        assert (await Upload(key=key).post(client)).status_code == 201
        for away, back in ((server.pause, server.unpause), (server.kill, server.start)):
            await asyncio.to_thread(away)
            await becomes(client, 503)
            assert (await client.get("/livez")).status_code == 200
            await asyncio.to_thread(back)
            await becomes(client, 200)
            assert (await Upload(key=key).post(client)).status_code == 201
