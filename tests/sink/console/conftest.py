"""Fixtures of the console's tests: people and tokens on a live sink."""

from collections.abc import AsyncIterator

import httpx
import pytest

from support.console import Person, add_token
from vox_telemetry_sink.console.token_store import TokenStore
from vox_telemetry_sink.console.tokens import ConsoleToken
from vox_telemetry_sink.console.visitor import Role
from vox_telemetry_sink.database import connected_pool


@pytest.fixture
async def tokens(database_url: str) -> AsyncIterator[TokenStore]:
    async with connected_pool(database_url) as pool:
        yield TokenStore(pool)


@pytest.fixture
async def admin_token(tokens: TokenStore) -> ConsoleToken:
    return await add_token(tokens)


@pytest.fixture
async def stranger(client: httpx.AsyncClient) -> Person:
    """Somebody who is not signed in."""
    return Person(client)


@pytest.fixture
async def admin(client: httpx.AsyncClient, admin_token: ConsoleToken) -> Person:
    """Give an administrator who is signed in."""
    person = Person(client)
    assert (await person.sign_in(admin_token.shown)).status_code == 303
    return person


@pytest.fixture
async def viewer(client: httpx.AsyncClient, tokens: TokenStore) -> Person:
    """Give a viewer who is signed in."""
    person = Person(client)
    token = await add_token(tokens, Role.VIEWER, name="vic")
    assert (await person.sign_in(token.shown)).status_code == 303
    return person
