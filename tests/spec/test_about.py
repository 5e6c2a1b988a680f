import json

import pytest

from vox_telemetry_spec.about import About, read_about

TOLD = {
    "program": "a-sink",
    "version": "1.2.3",
    "contract_version": "vox.usage-batch.v1",
    "contract_sha256": "0" * 64,
    "time": "2026-11-22T12:00:00.000Z",
}


def test_a_later_sink_may_tell_more() -> None:
    assert read_about(json.dumps(TOLD | {"more": [1]}).encode()) == About(**TOLD)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>login</html>",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        json.dumps({name: value for name, value in TOLD.items() if name != "time"}).encode(),
        json.dumps(TOLD | {"version": 1}).encode(),
        json.dumps(TOLD | {"version": "\x1b[31m"}).encode(),
        json.dumps(TOLD | {"version": "v" * 129}).encode(),
        json.dumps(TOLD | {"version": ""}).encode(),
    ],
)
def test_anything_else_tells_nothing(body: bytes) -> None:
    assert read_about(body) is None
