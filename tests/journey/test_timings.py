"""A tool's JUnit file, and a program's own timing: to the store, the spool, the sink and its rows."""

import json
from pathlib import Path

import pytest

from support.world import World
from vox_telemetry_client import record_timing

REPORT = """<testsuites><testsuite name="x" hostname="canary">
 <testcase classname="com.example.SumTest" name="add(int)[1]" time="1,234.5"/>
 <testcase classname="com.example.SumTest" name="add(int)[2]" time="0.5"/>
 <testcase classname="com.example.SumTest" name="later"><skipped message="canary"/></testcase>
 <testcase classname="com.example.SumTest" name="broken" time="0.25"><failure message="canary">
 at com.example.SumTest(SumTest.java:3)</failure></testcase>
</testsuite></testsuites>"""


async def test_a_junit_file_and_a_timing_end_as_rows_of_the_sink(
    world: World, tmp_path: Path
) -> None:
    report, store = tmp_path / "report.xml", tmp_path / "store" / "m.db"
    report.write_text(REPORT)
    recorded = world.client(
        "record", "--junit", report, "--repository", "my-project", "--db", store
    )
    assert recorded.code == 0, recorded.err
    with (
        pytest.raises(ValueError, match="canary"),
        record_timing("parse", repository_id="my-project", unit="seconds", db=store),
    ):
        raise ValueError("canary")
    enqueued = world.client("enqueue", "--from-store", "--db", store, "--json")
    assert json.loads(enqueued.out)["accepted"] == 4, enqueued.err
    with world.serving():
        assert world.client("upload").code == 0
    rows = await world.rows(
        "SELECT metadata->>'name', metric_value, metadata->'details'->>'outcome', session_id"
        " FROM event WHERE metadata->>'name' <> 'parse' ORDER BY 1"
    )
    here = "com.example.SumTest"
    assert rows == [
        (f"{here}.add", 1235.0, "passed", "bench:my-project"),
        (f"{here}.broken", 0.25, "failed", "bench:my-project"),
        (f"{here}.later", None, "skipped", "bench:my-project"),
    ]
    [(seconds, details)] = await world.rows(
        "SELECT metric_value, metadata->>'details' FROM event WHERE metadata->>'name' = 'parse'"
    )
    assert seconds > 0
    assert json.loads(details) == {"outcome": "failed"}
    [(bodies,)] = await world.rows(
        "SELECT count(*) FROM event WHERE metadata::text LIKE '%canary%'"
    )
    assert bodies == 0
