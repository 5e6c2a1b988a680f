"""Issue 4 point 6: whatever a sink refuses stays on the disk, for every status from 400 to 499."""

import json

import pytest

from support.client_world import journal, problem, put, upload
from support.http_server import misbehaving_server
from vox_telemetry_client.spool import Spool


@pytest.mark.parametrize("status", range(400, 500))
def test_nothing_is_ever_deleted_by_a_4xx(spool: Spool, status: int) -> None:
    batches = put(spool, events=4, max_events=2)
    approved = [event for batch in batches for event in json.loads(batch.payload)["events"]]
    with misbehaving_server(then=problem(status, "x")) as server:
        report = upload(spool, server)
    assert server.requests != []
    assert report.exit_code == 1
    rooms = (spool.folder.pending, spool.folder.rejected)
    kept = [
        event
        for path in sorted(one for room in rooms for one in room.iterdir())
        if not path.name.endswith(".problem.json")
        for event in json.loads(path.read_bytes())["events"]
    ]
    assert sorted(map(str, kept)) == sorted(map(str, approved))
    gone = {"acknowledged", "discarded", "cleaned"}
    assert not gone & {line["event"] for line in journal(spool)}
