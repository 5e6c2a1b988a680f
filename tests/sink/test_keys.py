from datetime import UTC, datetime

import pytest

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
