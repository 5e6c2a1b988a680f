from collections import Counter
from pathlib import Path

import pytest

from support.client_world import new_spool, put
from vox_telemetry_client.repeats import payload_digests
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.receipt import Receipt

UNKNOWN_ID = "019abcde-0000-7000-8000-000000000009"


@pytest.mark.parametrize("change", [b"", b"x", b"{}"])
def test_changed_bytes_are_not_approved(spool: Spool, change: bytes) -> None:
    (batch,) = put(spool)
    (spool.folder.pending / f"{batch.batch_id}.json").write_bytes(change)
    assert spool.approved(batch.batch_id) is None


def test_bytes_that_no_line_approves_are_not_approved(spool: Spool) -> None:
    (batch,) = put(spool)
    (spool.folder.pending / f"{UNKNOWN_ID}.json").write_bytes(batch.payload)
    assert spool.approved(UNKNOWN_ID) is None
    assert spool.waits(UNKNOWN_ID)


def test_a_link_to_approved_bytes_is_not_approved(spool: Spool, tmp_path: Path) -> None:
    (batch,) = put(spool)
    path = spool.folder.pending / f"{batch.batch_id}.json"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert spool.approved(batch.batch_id) is None


def test_repeats_are_known_also_after_the_batch_is_gone(spool: Spool) -> None:
    (batch,) = put(spool, events=3)
    digests = Counter(payload_digests(batch.payload))
    assert digests.total() == 3
    assert spool.enqueued_before() == digests
    receipt = Receipt(batch.batch_id, batch.payload_sha256, 3, "2026-11-22T12:00:01.000Z")
    spool.acknowledge(batch.batch_id, receipt, duplicate=False)
    assert new_spool(spool.folder.root).enqueued_before() == digests
    # What a crash between the digests and the journal's line leaves was never enqueued.
    spool.folder.journal.unlink()
    assert new_spool(spool.folder.root).enqueued_before() == {}
