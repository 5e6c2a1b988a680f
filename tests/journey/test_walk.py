"""One batch from a file to rows, with the installed programs, and each way it can go wrong."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from support.events import LANE_EVENTS, benchmark_event
from support.world import World

KILLED_BEFORE_DELETE = """
import os, signal
from vox_telemetry_client.cli import main
from vox_telemetry_client.spool import Spool

def die(*_args, **_options):
    os.kill(os.getpid(), signal.SIGKILL)

Spool.receive = die
import sys
sys.argv = ["vox-telemetry", "upload"]
main()
"""


def events_file(folder: Path, *events: dict[str, object]) -> Path:
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


async def test_the_example_arrives_whole_and_the_local_copies_go(world: World) -> None:
    enqueued = world.client("enqueue", LANE_EVENTS, "--max-events", "100", "--json")
    assert enqueued.code == 0, enqueued.err
    batches = {batch["batch_id"]: batch for batch in json.loads(enqueued.out)["batches"]}
    assert [batch["event_count"] for batch in batches.values()] == [100, 100, 51]

    with world.serving():
        uploaded = world.client("upload", "--json")

    assert uploaded.code == 0, uploaded.err
    document = json.loads(uploaded.out)
    assert [row["outcome"] for row in document["batches"]] == ["acknowledged"] * 3
    assert [row["attempts"] for row in document["batches"]] == [1] * 3
    assert world.pending() == []
    stored = await world.rows(
        "SELECT b.batch_id::text, encode(b.payload_sha256, 'hex'), count(e.*)"
        " FROM batch b JOIN event e USING (batch_id) GROUP BY 1, 2 ORDER BY 1"
    )
    assert stored == [
        (batch_id, batch["payload_sha256"], batch["event_count"])
        for batch_id, batch in sorted(batches.items())
    ]
    [(total,)] = await world.rows("SELECT sum(metric_value) FROM event")
    expected = sum(json.loads(line)["metric_value"] for line in LANE_EVENTS.read_text().split())
    assert abs(total - expected) < 1e-6
    # Nothing of the payload is left anywhere under the spool.
    kept = b"".join(path.read_bytes() for path in world.spool.rglob("*") if path.is_file())
    assert b"ci_build_timings" not in kept
    assert b"test_bisect" not in kept


async def test_no_scalar_stays_null(world: World, tmp_path: Path) -> None:
    world.client("enqueue", events_file(tmp_path, benchmark_event(metric_value=None)))
    with world.serving():
        assert world.client("upload").code == 0
    assert await world.rows("SELECT metric_value FROM event") == [(None,)]


async def test_killed_between_the_2xx_and_the_delete_it_is_stored_once(
    world: World, tmp_path: Path
) -> None:
    world.client("enqueue", events_file(tmp_path, benchmark_event(), benchmark_event()))
    with world.serving():
        killed = subprocess.run(
            [sys.executable, "-c", KILLED_BEFORE_DELETE],
            env=os.environ | world.env,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert len(world.pending()) == 1
        assert await world.rows("SELECT count(*) FROM batch") == [(1,)]

        again = world.client("upload", "--json")

    assert again.code == 0, again.err
    [row] = json.loads(again.out)["batches"]
    assert row["outcome"] == "duplicate"
    assert world.pending() == []
    assert await world.rows("SELECT count(*) FROM batch") == [(1,)]
    assert await world.rows("SELECT count(*) FROM event") == [(2,)]


async def test_an_unknown_key_stops_the_run_and_keeps_everything(
    world: World, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        world.client("enqueue", events_file(tmp_path, benchmark_event(name=name)))
    world.client("keys", "generate")
    with world.serving():
        stopped = world.client("upload", "--json")
    assert stopped.code == 1
    document = json.loads(stopped.out)
    assert {row["outcome"] for row in document["batches"]} == {"kept"}
    assert document["batches"][0]["problem"]["type"] == "urn:vox-telemetry:problem:key-unknown"
    assert len(world.pending()) == 2
    assert await world.rows("SELECT count(*) FROM batch") == [(0,)]


async def test_a_revoked_key_is_refused_and_its_batch_kept(world: World, tmp_path: Path) -> None:
    world.client("enqueue", events_file(tmp_path, benchmark_event()))
    key_id = json.loads(world.client("keys", "show", "--json").out)["key_id"]
    assert world.sink("keys", "revoke", key_id).code == 0
    with world.serving():
        stopped = world.client("upload")
    assert stopped.code == 1
    assert "revoked" in stopped.err
    assert len(world.pending()) == 1


def test_a_sink_that_is_away_costs_no_batch(world: World, tmp_path: Path) -> None:
    world.client("enqueue", events_file(tmp_path, benchmark_event()))
    refused = world.client("upload", "--url", f"http://127.0.0.1:{world.port}", within_s=120)
    assert refused.code == 1
    assert "the connection was refused" in refused.err
    assert len(world.pending()) == 1
    with world.serving():
        assert world.client("upload").code == 0
    assert world.pending() == []


async def test_what_the_client_was_not_asked_to_check_the_sink_refuses_without_its_value(
    world: World, tmp_path: Path
) -> None:
    """A client that skips its own check meets the same rules at the other end."""
    skipping = (
        "import sys; from vox_telemetry_spec.checking import BatchCheck, Checker;"
        "Checker.check_batch = lambda *a, **k: BatchCheck([], []);"
        "from vox_telemetry_client.cli import main; sys.argv[0] = 'vox-telemetry'; main()"
    )
    path = events_file(tmp_path, benchmark_event(details={"lane": "/home/alice/secret-project"}))
    enqueued = subprocess.run(
        [sys.executable, "-c", skipping, "enqueue", str(path)],
        env=os.environ | world.env,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert enqueued.returncode == 0, enqueued.stderr
    with world.serving() as process:
        refused = world.client("upload", "--json")
        process.terminate()
        log = process.stdout.read()
    assert refused.code == 1
    [row] = json.loads(refused.out)["batches"]
    assert row["outcome"] == "set_aside"
    assert row["problem"]["type"] == "urn:vox-telemetry:problem:contract-refused"
    assert {"event": 0, "pointer": "/metadata/details/lane", "rule": "path.posix"} in row[
        "problem"
    ]["violations"]
    assert "alice" not in refused.out + refused.err + log
    assert await world.rows("SELECT count(*) FROM event") == [(0,)]
    [(problem, violations)] = await world.rows("SELECT problem, violations::text FROM rejection")
    assert problem == "contract-refused"
    assert "alice" not in violations


def test_the_bytes_shown_are_the_bytes_stored(world: World, tmp_path: Path) -> None:
    world.client("enqueue", events_file(tmp_path, benchmark_event()))
    [name] = world.pending()
    on_disk = (world.spool / "pending" / name).read_text()
    shown = world.client("show", name.removesuffix(".json"))
    exported = world.client("export")
    assert shown.out == on_disk
    assert exported.out == on_disk + "\n"
    assert world.pending() == [name]


def test_switched_off_nothing_is_sent(world: World, tmp_path: Path) -> None:
    world.client("enqueue", events_file(tmp_path, benchmark_event()))
    with world.serving():
        for switch in ({"VOX_TELEMETRY": "OFF"}, {"DO_NOT_TRACK": "1"}):
            off = world.client("upload", env=switch)
            assert off.code == 3
            assert next(iter(switch)) in off.err
    assert len(world.pending()) == 1


def test_the_token_is_asked_for_where_one_is_set(world: World, tmp_path: Path) -> None:
    world.client("enqueue", events_file(tmp_path, benchmark_event()))
    with world.serving(VOX_SINK_UPLOAD_TOKEN="made-up-token"):
        missing = world.client("upload")
        assert missing.code == 1
        assert "VOX_TELEMETRY_UPLOAD_TOKEN" in missing.err
        given = world.client("upload", env={"VOX_TELEMETRY_UPLOAD_TOKEN": "made-up-token"})
        assert given.code == 0, given.err
        assert "made-up-token" not in given.out + given.err


async def test_two_uploads_at_once_send_each_batch_once(world: World, tmp_path: Path) -> None:
    for number in range(20):
        world.client("enqueue", events_file(tmp_path, benchmark_event(name=f"n{number}")))
    with world.serving():
        command = [str(Path(sys.executable).parent / "vox-telemetry"), "upload"]
        runs = [
            subprocess.Popen(
                command,
                env=os.environ | world.env,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        ends = [(*run.communicate(timeout=60), run.returncode) for run in runs]
    codes = sorted(code for _, _, code in ends)
    assert codes[0] == 0
    if codes[1]:  # the slower one may also have come when the faster one was done
        [said] = [err for _, err, code in ends if code]
        assert "pid" in said
    assert world.pending() == []
    assert await world.rows("SELECT count(*), count(DISTINCT batch_id) FROM batch") == [(20, 20)]


def test_livez_readyz_and_openapi_answer(world: World) -> None:
    with world.serving():
        assert httpx.get(f"{world.url}/livez", trust_env=False).status_code == 200
        assert httpx.get(f"{world.url}/readyz", trust_env=False).status_code == 200
        document = httpx.get(f"{world.url}/schema/openapi.json", trust_env=False).json()
    assert "/v1/batches" in document["paths"]
