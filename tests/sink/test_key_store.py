import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from support.enrolments import invited, new_code
from support.uploads import new_key
from vox_telemetry_sink.errors import KeyChangeError, StoreError
from vox_telemetry_sink.key_rows import KeyGrant, Rotation
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.taxonomy import SensitivityClass

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]

WAITING = (
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
NOW = datetime(2026, 11, 22, 1, 2, 3, 4_000, tzinfo=UTC)


async def test_keys_are_added_once_listed_and_revoked_once(
    key_store: KeyStore, fetch: Fetch
) -> None:
    first, second = new_key().public, new_key().public
    assert await key_store.add(first, KeyGrant("one"), now=NOW)
    assert await key_store.add(second, KeyGrant("two"), now=NOW + timedelta(seconds=1))
    assert not await key_store.add(first, KeyGrant("again"), now=NOW)
    later = NOW + timedelta(days=1)
    assert await key_store.revoke(first.key_id, now=later) == later
    assert await key_store.revoke(first.key_id, now=later + timedelta(days=1)) == later
    assert await key_store.revoke("nobody", now=later) is None
    assert [(key.key_id, key.name, key.revoked_at) for key in await key_store.list_all()] == [
        (first.key_id, "one", later),
        (second.key_id, "two", None),
    ]
    logged = await fetch("SELECT action, subject, detail FROM admin_log ORDER BY entry_id")
    assert [(action, subject, json.loads(detail)) for action, subject, detail in logged] == [
        ("keys.add", first.key_id, {"name": "one", "max_sensitivity": "S1"}),
        ("keys.add", second.key_id, {"name": "two", "max_sensitivity": "S1"}),
        ("keys.revoke", first.key_id, {}),
    ]


async def test_who_did_it_is_logged_where_the_role_does_not_tell(
    key_store: KeyStore, fetch: Fetch
) -> None:
    by = {"by": "ada", "console_token": "0" * 16}
    key = await waiting_key(key_store)
    await key_store.approve(key.key_id, now=NOW, by=by)
    await key_store.revoke(key.key_id, now=NOW, by=by)
    logged = await fetch("SELECT action, detail FROM admin_log ORDER BY entry_id DESC LIMIT 2")
    assert [(action, json.loads(detail)) for action, detail in logged] == [
        ("keys.revoke", by),
        ("keys.approve", by),
    ]


async def test_what_verifying_needs_is_found(key_store: KeyStore) -> None:
    key = new_key().public
    ends_at = NOW + timedelta(days=1)
    grant = KeyGrant("a", SensitivityClass.S2, ["mcp_surface_s2"], NOW, ends_at)
    await key_store.add(key, grant, now=NOW)
    found = await key_store.find(key.key_id)
    assert found is not None
    assert (found.public.raw, found.name, found.is_revoked) == (key.raw, "a", False)
    assert (found.max_sensitivity, found.families) == (
        SensitivityClass.S2,
        frozenset({"mcp_surface_s2"}),
    )
    assert (found.not_before, found.not_after) == (NOW, ends_at)
    assert await key_store.find(new_key().public.key_id) is None


async def test_a_refused_rotation_leaves_no_trace(key_store: KeyStore, fetch: Fetch) -> None:
    old = new_key().public
    await key_store.add(old, KeyGrant("a"), now=NOW)
    rotation = Rotation(old.key_id, old, timedelta(hours=1), None)
    with pytest.raises(KeyChangeError, match="is enrolled already"):
        await key_store.rotate(rotation, now=NOW)
    assert await fetch("SELECT not_after FROM client_key") == [(None,)]
    assert await fetch("SELECT action FROM admin_log") == [("keys.add",)]


async def test_a_revoked_successor_makes_room_for_another(key_store: KeyStore) -> None:
    old, first, second = (new_key().public for _ in range(3))
    await key_store.add(old, KeyGrant("a"), now=NOW)
    await key_store.rotate(Rotation(old.key_id, first, timedelta(hours=9), None), now=NOW)
    await key_store.revoke(first.key_id, now=NOW)
    ended, made = await key_store.rotate(
        Rotation(old.key_id, second, timedelta(hours=1), 2), now=NOW
    )
    assert (ended.not_after, ended.replaced_by) == (NOW + timedelta(hours=1), second.key_id)
    assert (made.replaces, made.not_after) == (old.key_id, NOW + timedelta(days=2))


async def test_a_rotation_waits_for_another_of_the_same_key_and_then_sees_it(
    key_store: KeyStore, database_url: str, fetch: Fetch
) -> None:
    old, first, second = (new_key().public for _ in range(3))
    await key_store.add(old, KeyGrant("a"), now=NOW)
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute(
                "SELECT FROM client_key WHERE key_id = $1 FOR UPDATE", old.key_id
            )
            rotation = Rotation(old.key_id, second, timedelta(hours=1), None)
            waiting = asyncio.create_task(key_store.rotate(rotation, now=NOW))
            while not await fetch(WAITING):
                await fetch("SELECT pg_sleep(0.01)")
            await connection.execute(
                "INSERT INTO client_key (key_id, public_key, name, enrolled_at, replaces)"
                " VALUES ($1, $2, 'a', now(), $3)",
                first.key_id,
                first.raw,
                old.key_id,
            )
        with pytest.raises(KeyChangeError, match=f"is replaced by {first.key_id}"):
            await waiting
    finally:
        await connection.close()
    assert len(await key_store.list_all()) == 2


async def waiting_key(key_store: KeyStore) -> PublicKey:
    """Enrol a key by a code that asks for approval."""
    key = new_key().public
    code = await invited(key_store, needs_approval=True)
    assert await key_store.enrol(code, key, now=NOW) is not None
    return key


async def state_of(key_store: KeyStore, key: PublicKey, now: datetime = NOW) -> str:
    listed = await key_store.show(key.key_id)
    assert listed is not None
    return listed.state(now)


async def is_waiting(key_store: KeyStore, key: PublicKey) -> bool:
    found = await key_store.find(key.key_id)
    assert found is not None
    return found.is_waiting


async def test_a_key_waits_where_its_invitation_says_so_until_it_is_approved(
    key_store: KeyStore,
) -> None:
    key = await waiting_key(key_store)
    assert await state_of(key_store, key) == "waiting"
    assert await is_waiting(key_store, key)
    later = NOW + timedelta(days=1)
    assert await key_store.approve(key.key_id, now=later) == later
    assert await state_of(key_store, key) == "good"
    assert not await is_waiting(key_store, key)


async def test_a_second_approval_keeps_the_time_of_the_first_and_is_not_logged(
    key_store: KeyStore, fetch: Fetch
) -> None:
    key = await waiting_key(key_store)
    assert await key_store.approve(key.key_id, now=NOW) == NOW
    assert await key_store.approve(key.key_id, now=NOW + timedelta(days=1)) == NOW
    assert await key_store.approve("nobody", now=NOW) is None
    logged = await fetch("SELECT subject, detail FROM admin_log WHERE action = 'keys.approve'")
    assert [(subject, json.loads(detail)) for subject, detail in logged] == [(key.key_id, {})]


async def test_an_approval_that_cannot_be_logged_is_none(
    key_store: KeyStore, database_url: str, fetch: Fetch
) -> None:
    key = await waiting_key(key_store)
    await fetch("ALTER TABLE admin_log ADD CHECK (action <> 'keys.approve')")
    with pytest.raises(StoreError, match="SQLSTATE 23514"):
        await key_store.approve(key.key_id, now=NOW)
    assert await state_of(key_store, key) == "waiting"


async def test_keys_that_were_added_or_invited_without_approval_do_not_wait(
    key_store: KeyStore,
) -> None:
    added, invited_key = new_key().public, new_key().public
    await key_store.add(added, KeyGrant("a"), now=NOW)
    await key_store.enrol(await invited(key_store), invited_key, now=NOW)
    for key in (added, invited_key):
        assert await state_of(key_store, key) == "good"
        assert not await is_waiting(key_store, key)
        assert await key_store.approve(key.key_id, now=NOW + timedelta(days=1)) == NOW


async def test_a_revoked_key_stays_revoked_and_is_not_approved(
    key_store: KeyStore, fetch: Fetch
) -> None:
    key = await waiting_key(key_store)
    await key_store.revoke(key.key_id, now=NOW)
    with pytest.raises(KeyChangeError, match=f"key {key.key_id} is revoked and stays so"):
        await key_store.approve(key.key_id, now=NOW)
    assert await state_of(key_store, key) == "revoked"
    assert await fetch("SELECT approved_at FROM client_key") == [(None,)]


async def test_a_key_that_waits_cannot_rotate_and_one_that_was_approved_hands_it_on(
    key_store: KeyStore,
) -> None:
    key, successor = await waiting_key(key_store), new_key().public
    rotation = Rotation(key.key_id, successor, timedelta(hours=1), None)
    with pytest.raises(KeyChangeError, match=f"key {key.key_id} waits for approval"):
        await key_store.rotate(rotation, now=NOW)
    await key_store.approve(key.key_id, now=NOW)
    _, made = await key_store.rotate(rotation, now=NOW)
    assert made.state(NOW) == "good"


async def test_a_key_that_a_sink_from_before_approval_enrols_waits(
    key_store: KeyStore, fetch: Fetch
) -> None:
    key = new_key().public
    await fetch(
        "INSERT INTO client_key (key_id, public_key, name, enrolled_at) VALUES ($1, $2, 'a', $3)",
        key.key_id,
        key.raw,
        NOW,
    )
    assert await state_of(key_store, key) == "waiting"


async def test_what_no_approval_would_mend_is_the_state_of_a_key_that_waits(
    key_store: KeyStore,
) -> None:
    key = new_key().public
    code = await invited(key_store, needs_approval=True, valid_days=1)
    await key_store.enrol(code, key, now=NOW)
    assert await state_of(key_store, key) == "waiting"
    assert await state_of(key_store, key, NOW + timedelta(days=1)) == "expired"


async def test_a_code_is_good_until_just_before_its_end(key_store: KeyStore) -> None:
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    code = await invited(key_store, expires_at=ends_at)
    key = new_key().public
    assert await key_store.enrol(code, key, now=ends_at) is None
    assert await key_store.enrol(new_code(), key, now=NOW) is None
    enrolled = await key_store.enrol(code, key, now=ends_at - timedelta(microseconds=1))
    assert enrolled is not None
    assert (enrolled.key.key_id, enrolled.is_new) == (key.key_id, True)
