import json
import os
import pty
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from support.cli import command, run_cli
from support.client_world import names, new_spool
from support.events import benchmark_event

PROGRAM = "vox-telemetry"


def events_of(folder: Path) -> list[Any]:
    spool = new_spool(folder / ".vox" / "telemetry-upload-queue")
    batches = [spool.approved(batch_id) for batch_id in spool.pending()]
    return [event for batch in batches if batch for event in json.loads(batch.payload)["events"]]


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


def test_folders_and_quoted_patterns_are_taken_in_one_call(tmp_path: Path) -> None:
    for name in ("runs/1.jsonl", "runs/deep/2.json", "other/x/3.ndjson", "runs/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(benchmark_event(session_id=f"bench:{path.stem}")))
    ran = run_cli(PROGRAM, "enqueue", "runs", "other/**/*.ndjson", "--json", cwd=tmp_path)
    document = json.loads(ran.out)
    assert (ran.code, document["accepted"], len(document["batches"])) == (0, 3, 1)
    assert document["files"] == {"taken": 3, "left_out": {"of another kind": 1}}
    again = run_cli(PROGRAM, "enqueue", "runs", cwd=tmp_path)
    assert again.err.startswith("took 2 files; left out: 1 of another kind\n")
    sessions = [event["session_id"] for event in events_of(tmp_path)]
    assert sessions == ["bench:1", "bench:2", "bench:3"]


def test_a_refusal_in_the_last_file_of_a_folder_keeps_nothing(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    for number in range(5):
        (runs / f"{number}.json").write_text(json.dumps(benchmark_event()))
    (runs / "9.json").write_text(json.dumps(benchmark_event(name="/home/alice/x")))
    ran = run_cli(PROGRAM, "enqueue", "runs", "--json", cwd=tmp_path)
    document = json.loads(ran.out)
    assert (ran.code, document["accepted"], document["batches"]) == (1, 5, [])
    assert {row["file"] for row in document["refused"]} == {"runs/9.json"}
    assert not (tmp_path / ".vox").exists()


def test_case_5_damaged_records_of_the_spool_do_not_hinder_and_are_told(
    tmp_path: Path, events_file: Path
) -> None:
    run_cli(PROGRAM, "enqueue", events_file, "--max-events", "2", cwd=tmp_path)
    spool = tmp_path / ".vox" / "telemetry-upload-queue"
    first = min((spool / "pending").iterdir())
    first.write_bytes(b"damaged")
    lines = (spool / "journal.jsonl").read_bytes()
    (spool / "journal.jsonl").write_bytes(b'{"event":"enq\n' + lines + b'{"event":"')
    with (spool / "seen.bin").open("ab") as seen:
        seen.write(b"cut short")
    ran = run_cli(PROGRAM, "enqueue", events_file, "--again", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "5 of these events were enqueued before; they count again\n")
    status = json.loads(run_cli(PROGRAM, "status", "--json", cwd=tmp_path).out)
    assert status["unreadable_journal_lines"] == 2
    assert (status["pending"]["batches"], status["seen_bytes"]) == (4, 10 * 32)
    assert first.read_bytes() == b"damaged"


@pytest.mark.parametrize("command", ["check", "enqueue"])
def test_case_11_foreign_files_in_a_folder_are_left_out_and_told(
    tmp_path: Path, command: str
) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    for name in ("good.jsonl", "good.jsonl~", ".good.jsonl.swp", "photo.png"):
        (folder / name).write_text(json.dumps(benchmark_event()))
    (folder / "passwd.json").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.json")
    ran = run_cli(PROGRAM, command, folder, cwd=tmp_path)
    assert ran.code == 0
    assert "took 1 file; left out: 1 hidden, 1 links, 3 of another kind\n" in ran.err


@pytest.mark.parametrize(
    ("case", "text", "pointer", "rule"),
    [
        (34, '{"metric_value":12345678901234567890123}', "/metric_value", "json.number-range"),
        (34, '{"metric_value":NaN}', "/metric_value", "json.not-finite"),
        (34, '{"metric_value":1e999}', "/metric_value", "json.not-finite"),
        (34, '{"metadata":{"name":"\\ud800"}}', "/metadata/name", "json.surrogate"),
        (34, '{"metadata":{"name":"a\\u0000"}}', "/metadata/name", "json.nul"),
        (35, '{"session_id":"a","session_id":"b"}', "/session_id", "json.duplicate-name"),
        (35, '{"metadata":{"name":1,"n\\u0061me":2}}', "/metadata/name", "json.duplicate-name"),
    ],
)
@pytest.mark.parametrize("how", ["refuse", "omit", "hash"])
def test_cases_34_and_35_are_refused_with_their_path(
    tmp_path: Path, case: int, text: str, pointer: str, rule: str, how: str
) -> None:
    path = tmp_path / f"{case}.jsonl"
    path.write_text(f"{json.dumps(benchmark_event())}\n{text}\n")
    ran = run_cli(PROGRAM, "enqueue", path, "--on-forbidden", how, "--json", cwd=tmp_path)
    document = json.loads(ran.out)
    assert (ran.code, document["batches"]) == (1, [])
    assert document["refused"] == [{"event": 1, "pointer": pointer, "rule": rule}]
    assert not (tmp_path / ".vox").exists()


@pytest.mark.parametrize(("options", "shown"), [((), True), (("--json",), False)])
def test_progress_is_shown_on_a_terminal_only_and_never_with_json(
    tmp_path: Path, events_file: Path, options: tuple[str, ...], *, shown: bool
) -> None:
    ours, theirs = pty.openpty()
    with events_file.open("rb") as events:
        done = subprocess.run(
            command(PROGRAM, "enqueue", "-", *options),
            env=os.environ | {"TERM": "xterm"},
            stdin=events,
            stdout=subprocess.PIPE,
            stderr=theirs,
            cwd=tmp_path,
            timeout=60,
            check=True,
        )
    os.close(theirs)
    said = b""
    with suppress(OSError):  # Linux ends a terminal without writers so
        while part := os.read(ours, 65_536):
            said += part
    os.close(ours)
    assert (b"checking" in said) is shown
    assert b"checking" not in done.stdout
    piped = run_cli(PROGRAM, "check", "-", input=events_file.read_text(), cwd=tmp_path)
    assert piped.err == ""


def test_of_calls_at_the_same_moment_one_takes_the_events(
    tmp_path: Path, events_file: Path
) -> None:
    with ThreadPoolExecutor() as pool:
        calls = [
            pool.submit(run_cli, PROGRAM, "enqueue", events_file, "--json", cwd=tmp_path)
            for _ in range(3)
        ]
    told = [json.loads(call.result().out) for call in calls]
    assert sorted((one["accepted"], one["repeated"]) for one in told) == [(0, 5), (0, 5), (5, 0)]
    assert len(events_of(tmp_path)) == 5
