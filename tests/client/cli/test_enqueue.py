import json
from pathlib import Path

from support.cli import run_cli
from support.client_world import names, new_spool
from support.events import benchmark_event

PROGRAM = "vox-telemetry"


def test_events_become_batches_that_the_spool_holds(tmp_path: Path, events_file: Path) -> None:
    ran = run_cli(PROGRAM, "enqueue", events_file, "--max-events", "2", "--json", cwd=tmp_path)
    document = json.loads(ran.out)
    assert (ran.code, document["events"], document["accepted"], document["refused"]) == (
        0,
        5,
        5,
        [],
    )
    assert [batch["event_count"] for batch in document["batches"]] == [2, 2, 1]
    spool = new_spool(tmp_path / ".vox" / "telemetry-upload-queue")
    for batch in document["batches"]:
        kept = spool.approved(batch["batch_id"])
        assert kept is not None
        assert (kept.payload_sha256, len(kept.payload)) == (
            batch["payload_sha256"],
            batch["byte_count"],
        )


def test_the_three_forms_and_standard_input_give_the_same_events(tmp_path: Path) -> None:
    event = benchmark_event()
    forms = [
        json.dumps(event),
        json.dumps([event]),
        json.dumps(event, indent=1),
        json.dumps(event) + "\n\n",
    ]
    for form in forms:
        assert run_cli(PROGRAM, "enqueue", "-", "--again", input=form, cwd=tmp_path).code == 0
    spool = new_spool(tmp_path / ".vox" / "telemetry-upload-queue")
    batches = [spool.approved(batch_id) for batch_id in spool.pending()]
    assert [json.loads(batch.payload)["events"] for batch in batches if batch] == [[event]] * 4


def test_one_refused_event_keeps_all_out(tmp_path: Path, events_file: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(benchmark_event(name="alice@example.org")))
    ran = run_cli(PROGRAM, "enqueue", events_file, bad, "--json", cwd=tmp_path)
    document = json.loads(ran.out)
    assert (ran.code, document["events"], document["accepted"], document["batches"]) == (
        1,
        6,
        5,
        [],
    )
    assert {row["file"] for row in document["refused"]} == {str(bad)}
    assert "alice" not in ran.out + ran.err
    assert not (tmp_path / ".vox").exists()
    assert "nothing was kept" in run_cli(PROGRAM, "enqueue", events_file, bad, cwd=tmp_path).err


def test_a_full_spool_refuses_with_advice(tmp_path: Path, events_file: Path) -> None:
    env = {"VOX_TELEMETRY_SPOOL_MAX_BYTES": "500"}
    ran = run_cli(PROGRAM, "enqueue", events_file, env=env, cwd=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert "would exceed its quota of 500: upload what is pending" in ran.err
    assert names(tmp_path / ".vox" / "telemetry-upload-queue" / "pending") == []


def test_an_unsafe_spool_is_refused(tmp_path: Path, events_file: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    ran = run_cli(
        PROGRAM, "enqueue", events_file, env={"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "open")}
    )
    assert ran.code == 1
    assert "has mode 0755, expected 0700" in ran.err


def test_a_quota_that_is_no_number_is_3(tmp_path: Path, events_file: Path) -> None:
    ran = run_cli(
        PROGRAM, "enqueue", events_file, env={"VOX_TELEMETRY_SPOOL_MAX_BYTES": "much"}, cwd=tmp_path
    )
    assert (
        ran.code,
        ran.err.startswith("vox-telemetry: VOX_TELEMETRY_SPOOL_MAX_BYTES is 'much'"),
    ) == (3, True)
