"""Sessions end when they must, wherever they were opened."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.console import add_token
from vox_telemetry_sink.console.sessions import SessionStore, csrf_token, is_secret
from vox_telemetry_sink.console.token_store import TokenStore
from vox_telemetry_sink.console.tokens import ConsoleToken
from vox_telemetry_sink.console.visitor import Role
from vox_telemetry_sink.database import connected_pool

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
NOW = datetime.now(UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def sessions(database_url: str) -> AsyncIterator[SessionStore]:
    async with connected_pool(database_url) as pool:
        yield SessionStore(pool)


async def test_a_session_says_who_it_is_with_the_role_of_the_token(
    sessions: SessionStore, tokens: TokenStore
) -> None:
    token = await add_token(tokens, Role.VIEWER, name="vic")
    session_id = await sessions.begin(token.token_id, "vic", now=NOW)
    assert is_secret(session_id)
    found = await sessions.find(session_id, now=NOW)
    assert found is not None
    assert (found.name, found.role, found.token_id) == ("vic", Role.VIEWER, token.token_id)
    assert found.csrf_token == csrf_token(session_id)
    assert session_id not in repr(found)


async def test_half_an_hour_without_use_ends_it(
    sessions: SessionStore, admin_token: ConsoleToken
) -> None:
    session_id = await sessions.begin(admin_token.token_id, "ada", now=NOW)
    used = NOW + timedelta(minutes=29)
    assert await sessions.find(session_id, now=used)
    assert await sessions.find(session_id, now=used + timedelta(minutes=30) - SECOND)
    idle = used + timedelta(minutes=60)
    assert await sessions.find(session_id, now=idle) is None


async def test_what_a_page_asks_by_itself_does_not_keep_it(
    sessions: SessionStore, admin_token: ConsoleToken
) -> None:
    session_id = await sessions.begin(admin_token.token_id, "ada", now=NOW)
    asked = NOW + timedelta(minutes=29)
    assert await sessions.find(session_id, now=asked, by_a_person=False)
    assert await sessions.find(session_id, now=NOW + timedelta(minutes=30)) is None


async def test_eight_hours_end_it_however_it_is_used(
    sessions: SessionStore, admin_token: ConsoleToken
) -> None:
    session_id = await sessions.begin(admin_token.token_id, "ada", now=NOW)
    for minutes in range(20, 480, 20):
        assert await sessions.find(session_id, now=NOW + timedelta(minutes=minutes))
    assert await sessions.find(session_id, now=NOW + timedelta(hours=8)) is None


async def test_a_token_that_is_revoked_or_over_ends_its_sessions_at_once(
    sessions: SessionStore, tokens: TokenStore, fetch: Fetch
) -> None:
    kept, gone, over = [await add_token(tokens, name=name) for name in ("a", "b", "c")]
    ids = [await sessions.begin(token.token_id, "x", now=NOW) for token in (kept, gone, over)]
    assert await tokens.revoke(gone.token_id, now=NOW) == NOW
    await fetch("UPDATE console_token SET expires_at = '2026-01-01' WHERE name = 'c'")
    found = [await sessions.find(session_id, now=NOW) is not None for session_id in ids]
    assert found == [True, False, False]
    assert await fetch("SELECT count(*) FROM console_session") == [(2,)]
    late = await sessions.begin(gone.token_id, "x", now=NOW)  # signed in while it was revoked
    assert await sessions.find(late, now=NOW) is None


async def test_the_next_sign_in_sweeps_what_is_over(
    sessions: SessionStore, admin_token: ConsoleToken, fetch: Fetch
) -> None:
    for hours in (9, 1):
        await sessions.begin(admin_token.token_id, "ada", now=NOW - timedelta(hours=hours))
    await sessions.begin(admin_token.token_id, "ada", now=NOW - timedelta(minutes=5))
    await sessions.begin(admin_token.token_id, "ada", now=NOW)
    assert await fetch("SELECT count(*) FROM console_session") == [(2,)]


async def test_a_notice_is_said_once_and_to_a_person(
    sessions: SessionStore, admin_token: ConsoleToken
) -> None:
    session_id = await sessions.begin(admin_token.token_id, "ada", now=NOW)
    await sessions.put_notice(session_id, "done")
    said = [
        await sessions.find(session_id, now=NOW, by_a_person=by_a_person)
        for by_a_person in (False, True, True)
    ]
    assert [visitor and visitor.notice for visitor in said] == [None, "done", None]


async def test_looking_writes_at_most_once_a_minute(
    sessions: SessionStore, admin_token: ConsoleToken, fetch: Fetch
) -> None:
    session_id = await sessions.begin(admin_token.token_id, "ada", now=NOW)
    for after_s, kept_s in ((59, 0), (60, 60), (100, 60)):
        await sessions.find(session_id, now=NOW + after_s * SECOND)
        [(used_at,)] = await fetch("SELECT used_at FROM console_session")
        assert used_at == NOW + kept_s * SECOND


@pytest.mark.parametrize("text", ["", "g" * 64, "A" * 64, "0" * 63, "0" * 65, "'; --"])
async def test_what_is_no_id_is_not_looked_up(text: str) -> None:
    async with connected_pool("postgresql://nobody@127.0.0.1:9/none") as pool:
        assert await SessionStore(pool).find(text, now=NOW) is None
