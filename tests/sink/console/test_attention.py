from datetime import UTC, datetime, timedelta
from typing import Any

from vox_telemetry_sink.console.attention import ends_soon, needs_attention
from vox_telemetry_sink.console.rows import KeyFigures
from vox_telemetry_sink.key_rows import ListedKey

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def key(state: str = "good", **changes: Any) -> KeyFigures:
    nothing: dict[str, Any] = dict.fromkeys(ListedKey._fields)
    listed = ListedKey(**(nothing | {"key_id": "id", "name": "team", "enrolled_at": NOW} | changes))
    return KeyFigures(listed, state, None, [], 0, 0, 0)


def test_nothing_to_look_at_is_nothing() -> None:
    assert needs_attention([], [key()], NOW, default_holds_events=False) == []


def test_what_fails_comes_first_and_each_has_its_place() -> None:
    keys = [key("waiting"), key("waiting"), key(not_after=NOW + timedelta(days=3))]
    found = needs_attention([("queue", "the queue is full")], keys, NOW, default_holds_events=True)
    assert [tuple(each) for each in found] == [
        ("bad", "Health check “queue” fails: the queue is full", "/console/health"),
        (
            "warn",
            "Events lie in the default partition: run vox-telemetry-sink migrate",
            "/console/storage",
        ),
        ("warn", "2 keys wait for an administrator's approval", "/console/keys?state=waiting"),
        ("warn", "Key “team” ends on 2026-11-23 00:00 UTC", "/console/keys/id"),
    ]


def test_a_key_ends_soon_when_two_weeks_are_left_and_nothing_replaces_it() -> None:
    last = NOW + timedelta(days=14)
    assert ends_soon(key(not_after=last), NOW)
    assert not ends_soon(key(not_after=last + timedelta(seconds=1)), NOW)
    assert not ends_soon(key(not_after=last, replaced_by="other"), NOW)
    assert not ends_soon(key("revoked", not_after=last), NOW)
    assert not ends_soon(key(), NOW)
