"""A spool with many batches, made without the program: it would fsync each of them."""

import hashlib
import json
from pathlib import Path

from support.client_world import new_spool

NOON_MS = 1_795_348_800_000  # 2026-11-22T12:00:00Z
ENQUEUED = (
    '{{"event":"enqueued","at":"2026-11-22T12:00:00.000Z","batches":[{{"batch_id":"{}",'
    '"payload_sha256":"{}","event_count":3,"byte_count":{}}}]}}\n'
)
ATTEMPT = (
    '{{"event":"attempt","at":"2026-11-22T12:00:00.000Z","batch_id":"{}","duty":"retry",'
    '"status":503}}\n'
)


def made_id(number: int) -> str:
    """Return a batch id; a higher number gives a later one."""
    digits = f"{NOON_MS + number:012x}"
    mixed = hashlib.md5(digits.encode(), usedforsecurity=False).hexdigest()
    return f"{digits[:8]}-{digits[8:]}-7{mixed[:3]}-8{mixed[3:6]}-{mixed[6:18]}"


def made_payload(batch_id: str, padding_bytes: int = 0) -> bytes:
    """Return three events that no sink would take, in what says when they were approved."""
    head = {"batch_id": batch_id, "approved_at": "2026-11-22T12:00:00.000Z"}
    return json.dumps(head | {"events": [{}, {}, {}]}).encode() + b" " * padding_bytes


def make_backlog(root: Path, batches: int, padding_bytes: int = 0) -> list[str]:
    """Write so many batches of three events, each with one failed attempt in the journal."""
    folder = new_spool(root).folder
    ids = [made_id(number) for number in range(batches)]
    with folder.journal.open("w") as journal:
        for batch_id in ids:
            payload = made_payload(batch_id, padding_bytes)
            (folder.pending / f"{batch_id}.json").write_bytes(payload)
            digest = hashlib.sha256(payload).hexdigest()
            journal.write(ENQUEUED.format(batch_id, digest, len(payload)))
            journal.write(ATTEMPT.format(batch_id))
    return ids
