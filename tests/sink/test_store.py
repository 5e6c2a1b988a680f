import json
from datetime import UTC, datetime, timedelta

from support.uploads import new_key
from vox_telemetry_sink.store import Rejection, StoredBatch
from vox_telemetry_spec.violations import Violation

NOW = datetime(2026, 11, 22, 1, 2, 3, 4_000, tzinfo=UTC)


def test_a_receipt_names_the_stored_bytes_and_time():
    stored = StoredBatch(b"\xab" * 32, 7, NOW, is_new=True)
    assert json.loads(stored.receipt("id").encode()) == {
        "schema": "vox.usage-receipt.v1",
        "batch_id": "id",
        "payload_sha256": "ab" * 32,
        "event_count": 7,
        "received_at": "2026-11-22T01:02:03.004Z",
    }


async def test_keys_are_added_once_listed_and_revoked_once(store, fetch):
    first, second = new_key().public, new_key().public
    assert await store.add_key(first, "one", now=NOW)
    assert await store.add_key(second, "two", now=NOW + timedelta(seconds=1))
    assert not await store.add_key(first, "again", now=NOW)
    later = NOW + timedelta(days=1)
    assert await store.revoke_key(first.key_id, now=later) == later
    assert await store.revoke_key(first.key_id, now=later + timedelta(days=1)) == later
    assert await store.revoke_key("nobody", now=later) is None
    assert [(key.key_id, key.name, key.revoked_at) for key in await store.list_keys()] == [
        (first.key_id, "one", later),
        (second.key_id, "two", None),
    ]
    assert await fetch("SELECT action, subject, detail::text FROM admin_log ORDER BY entry_id") == [
        ("keys.add", first.key_id, '{"name": "one"}'),
        ("keys.add", second.key_id, '{"name": "two"}'),
        ("keys.revoke", first.key_id, "{}"),
    ]


async def test_a_rejection_is_kept(store, fetch):
    violations = [Violation(3, "/metadata", "contract.additionalProperties")]
    await store.keep_rejection(Rejection(NOW, "k", "contract-refused", violations, b"d" * 32, 9))
    assert await fetch(
        "SELECT rejected_at, key_id, problem, violations::text, content_sha256, coded_bytes"
        " FROM rejection"
    ) == [
        (
            NOW, "k", "contract-refused",
            '[{"rule": "contract.additionalProperties", "event": 3, "pointer": "/metadata"}]',
            b"d" * 32, 9,
        )
    ]
