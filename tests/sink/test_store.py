import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from vox_telemetry_sink.store import Rejection, Store, StoredBatch
from vox_telemetry_spec.violations import Violation

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]

NOW = datetime(2026, 11, 22, 1, 2, 3, 4_000, tzinfo=UTC)


def test_a_receipt_names_the_stored_bytes_and_time() -> None:
    stored = StoredBatch(b"\xab" * 32, 7, NOW, is_new=True)
    assert json.loads(stored.receipt("id").encode()) == {
        "schema": "vox.usage-receipt.v1",
        "batch_id": "id",
        "payload_sha256": "ab" * 32,
        "event_count": 7,
        "received_at": "2026-11-22T01:02:03.004Z",
    }


async def test_a_rejection_is_kept(store: Store, fetch: Fetch) -> None:
    violations = [Violation(3, "/metadata", "contract.additionalProperties")]
    await store.keep_rejection(Rejection(NOW, "k", "contract-refused", violations, b"d" * 32, 9))
    assert await fetch(
        "SELECT rejected_at, key_id, problem, violations::text, content_sha256, coded_bytes"
        " FROM rejection"
    ) == [
        (
            NOW,
            "k",
            "contract-refused",
            '[{"rule": "contract.additionalProperties", "event": 3, "pointer": "/metadata"}]',
            b"d" * 32,
            9,
        )
    ]
