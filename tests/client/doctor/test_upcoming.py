"""What the next upload would send."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.client_world import new_spool, put
from vox_telemetry_client.lock import held
from vox_telemetry_client.state import keep_earliest


def test_next_is_the_oldest_batch(healthy, doctor, spool_root: Path) -> None:
    spool = new_spool(spool_root)
    put(spool, now=datetime.now(UTC))
    [oldest] = put(spool, now=datetime.now(UTC) - timedelta(days=1))
    assert doctor()["next"]["found"] == (
        f"batch {oldest.batch_id}, the oldest of 2, to {healthy.sink.url}/v1/batches"
    )


def test_next_waits_where_the_sink_asked_for_it(healthy, doctor, spool_root: Path) -> None:
    spool = new_spool(spool_root)
    put(spool, now=datetime.now(UTC))
    keep_earliest(spool.folder.state, datetime.now(UTC) + timedelta(minutes=5))
    found = doctor()["next"]
    assert (found["state"], "asked not to be called before 20" in found["found"]) == ("warn", True)


def test_next_waits_for_a_running_upload(healthy, doctor, spool_root: Path) -> None:
    spool = new_spool(spool_root)
    put(spool, now=datetime.now(UTC))
    with held(spool.folder.upload_lock, "an upload"):
        found = doctor()["next"]
    assert (found["state"], "an upload is running" in found["found"]) == ("warn", True)
