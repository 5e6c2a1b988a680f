import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from support.enrolments import invited
from support.uploads import new_key
from vox_telemetry_sink.database import connected_pool
from vox_telemetry_sink.errors import StoreUnavailableError
from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_sink.keys import KeyRegistry
from vox_telemetry_spec.keys import SigningKey

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Clock:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


async def test_a_change_is_seen_after_a_second_and_not_asked_for_before(
    key_store: KeyStore, key: SigningKey
) -> None:
    clock = Clock()
    registry = KeyRegistry(key_store, clock=clock)
    key_id = key.public.key_id
    assert not (await registry.find(key_id)).is_revoked
    await key_store.revoke(key_id, now=NOW)
    clock.now_s += 1.0
    assert not (await registry.find(key_id)).is_revoked
    clock.now_s += 0.01
    assert (await registry.find(key_id)).is_revoked


async def test_a_new_key_is_seen_after_a_second_too(key_store: KeyStore) -> None:
    clock = Clock()
    registry, key = KeyRegistry(key_store, clock=clock), new_key()
    assert await registry.find(key.public.key_id) is None
    await key_store.add(key.public, KeyGrant("late"), now=NOW)
    clock.now_s += 1.01
    found = await registry.find(key.public.key_id)
    assert (found.name, found.public.raw) == ("late", key.public.raw)


async def test_an_approval_is_seen_after_a_second_as_a_revocation_is(key_store: KeyStore) -> None:
    clock = Clock()
    registry, key = KeyRegistry(key_store, clock=clock), new_key().public
    await key_store.enrol(await invited(key_store, needs_approval=True), key, now=NOW)
    assert (await registry.find(key.key_id)).is_waiting
    await key_store.approve(key.key_id, now=NOW)
    clock.now_s += 1.0
    assert (await registry.find(key.key_id)).is_waiting
    clock.now_s += 0.01
    assert not (await registry.find(key.key_id)).is_waiting


async def test_the_cache_is_bounded(key_store: KeyStore) -> None:
    registry = KeyRegistry(key_store, clock=Clock())
    for number in range(4_100):
        registry._remember(str(number), 0.0, None)
    assert len(registry._known) == 4_096
    assert "0" not in registry._known


@pytest.mark.parametrize(
    "text", ["", "x" * 42, "x" * 44, "'; DROP TABLE client_key; --" + "x" * 15]
)
async def test_what_is_no_key_id_is_not_looked_up(text: str) -> None:
    async with connected_pool("postgresql://nobody@127.0.0.1:1/x") as pool:
        registry = KeyRegistry(KeyStore(pool), clock=Clock())
        assert await registry.find(text) is None
        with pytest.raises(StoreUnavailableError):
            await registry.find("x" * 43)


class CountedStore(KeyStore):
    """Counts how often the database is asked."""

    asked = 0

    async def find(self, key_id: str) -> Any:
        self.asked += 1
        return await super().find(key_id)


async def test_all_who_wait_for_one_key_ask_the_database_once(
    database_url: str, key: SigningKey
) -> None:
    async with connected_pool(database_url) as pool:
        store = CountedStore(pool)
        registry = KeyRegistry(store, clock=Clock())
        waiting = [asyncio.create_task(registry.find(key.public.key_id)) for _ in range(50)]
        await asyncio.sleep(0)
        waiting[0].cancel()  # a sender that leaves takes nobody's answer with it
        answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert {answer.public.key_id for answer in answers[1:]} == {key.public.key_id}
    assert store.asked == 1


async def test_a_look_that_fails_fails_all_who_wait_and_the_next_asks_again() -> None:
    async with connected_pool("postgresql://nobody@127.0.0.1:1/x") as pool:
        store = CountedStore(pool)
        registry = KeyRegistry(store, clock=Clock())
        looks = (registry.find("x" * 43) for _ in range(3))
        answers = await asyncio.gather(*looks, return_exceptions=True)
        assert [type(answer) for answer in answers] == [StoreUnavailableError] * 3
        with pytest.raises(StoreUnavailableError):
            await registry.find("x" * 43)
    assert store.asked == 2


async def test_a_key_that_was_changed_here_is_asked_for_anew(
    key_store: KeyStore, key: SigningKey
) -> None:
    registry, key_id = KeyRegistry(key_store, clock=Clock()), key.public.key_id
    assert not (await registry.find(key_id)).is_revoked
    await key_store.revoke(key_id, now=NOW)
    registry.forget(key_id)
    assert (await registry.find(key_id)).is_revoked
    registry.forget("A" * 43)


async def test_an_answer_from_before_a_change_is_not_remembered(
    key_store: KeyStore, key: SigningKey
) -> None:
    registry, key_id = KeyRegistry(key_store, clock=Clock()), key.public.key_id
    asked = asyncio.create_task(registry.find(key_id))
    await asyncio.sleep(0)  # the look is under way
    registry.forget(key_id)
    await asked
    assert key_id not in registry._known
    await key_store.revoke(key_id, now=NOW)
    assert (await registry.find(key_id)).is_revoked
