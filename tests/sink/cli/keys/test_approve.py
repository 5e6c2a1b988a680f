import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from support.enrolments import invited
from support.uploads import new_key
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_spec.keys import PublicKey

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
Sink = Callable[..., Any]
Enrol = Callable[..., PublicKey]


@pytest.fixture
async def waiting(key_store: KeyStore) -> str:
    """Enrol a key that waits, and give its id."""
    key = new_key().public
    code = await invited(key_store, needs_approval=True)
    await key_store.enrol(code, key, now=datetime.now(UTC))
    return key.key_id


async def test_a_key_that_waits_is_named_and_approved_once_and_recorded(
    sink: Sink, waiting: str, fetch: Fetch
) -> None:
    assert "  farm  waiting  up to S1" in sink("keys", "list").out
    shown = sink("keys", "show", waiting).out.splitlines()
    assert {"state: waiting", "approved_at: -"} <= set(shown)
    first = json.loads(sink("keys", "approve", waiting, "--json").out)
    assert first["key_id"] == waiting
    again = sink("keys", "approve", waiting)
    assert (again.code, again.out) == (0, f"approved {waiting} at {first['approved_at']}\n")
    [row] = json.loads(sink("keys", "list", "--json").out)["keys"]
    assert (row["state"], row["approved_at"]) == ("good", first["approved_at"])
    actions = "SELECT action FROM admin_log WHERE subject = $1 ORDER BY entry_id"
    assert await fetch(actions, waiting) == [("keys.enrol",), ("keys.approve",)]


def test_a_revoked_key_is_not_approved(sink: Sink, waiting: str) -> None:
    assert sink("keys", "revoke", waiting).code == 0
    ran = sink("keys", "approve", waiting)
    assert (ran.code, ran.out) == (1, "")
    assert f"key {waiting} is revoked and stays so, expected one that waits" in ran.err


def test_a_key_that_waits_is_not_rotated(sink: Sink, waiting: str) -> None:
    ran = sink("keys", "rotate", waiting, "-", input=json.dumps(new_key().public.jwk))
    assert (ran.code, ran.out) == (1, "")
    assert f"key {waiting} waits for approval" in ran.err


def test_a_key_that_is_not_enrolled_is_named(sink: Sink) -> None:
    ran = sink("keys", "approve", "nobody")
    assert (ran.code, ran.out) == (1, "")
    assert "key 'nobody' is not enrolled, expected one of keys list" in ran.err
