import json
from collections.abc import Awaitable, Callable
from typing import Any

from vox_telemetry_spec.keys import PublicKey

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
Sink = Callable[..., Any]
Enrol = Callable[..., PublicKey]


async def test_a_key_is_revoked_once_and_recorded(sink: Sink, enrol: Enrol, fetch: Fetch) -> None:
    key = enrol()
    first = json.loads(sink("keys", "revoke", key.key_id, "--json").out)
    assert first["key_id"] == key.key_id
    again = sink("keys", "revoke", key.key_id)
    assert again.out == f"revoked {key.key_id} at {first['revoked_at']}\n"
    assert await fetch("SELECT action, subject FROM admin_log ORDER BY entry_id") == [
        ("keys.add", key.key_id),
        ("keys.revoke", key.key_id),
    ]


def test_a_key_that_is_not_enrolled_is_named(sink: Sink) -> None:
    ran = sink("keys", "revoke", "nobody")
    assert (ran.code, ran.out) == (1, "")
    assert "key 'nobody' is not enrolled" in ran.err
