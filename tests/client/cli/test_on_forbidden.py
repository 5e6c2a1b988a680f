import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import run_cli
from support.client_world import names, new_spool
from support.events import Event, benchmark_event

PROGRAM = "vox-telemetry"
PATH = "/home/alice/x"


def _file(folder: Path, *events: Event) -> Path:
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


def _pending_events(folder: Path) -> list[Any]:
    spool = new_spool(folder / "spool")
    batches = [spool.approved(batch_id) for batch_id in spool.pending()]
    return [event for batch in batches if batch for event in json.loads(batch.payload)["events"]]


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    return _file(
        tmp_path,
        benchmark_event(metric_value=1.0),
        benchmark_event(metric_value=2.0, details={"lane": PATH, "ms": 3}),
        benchmark_event(metric_value=3.0, name=PATH),
    )


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "spool")}


def test_refuse_is_the_default_and_says_how_to_go_on(mixed: Path, env: dict[str, str]) -> None:
    for options in ((), ("--on-forbidden", "refuse")):
        ran = run_cli(PROGRAM, "enqueue", mixed, *options, env=env)
        assert ran.code == 1
        assert "--on-forbidden omit leaves out what a forbidden-field rule names" in ran.err
    assert not Path(env["VOX_TELEMETRY_SPOOL_DIR"]).exists()


@pytest.mark.parametrize("command", ["check", "enqueue"])
def test_omit_leaves_out_members_or_events_and_names_each_without_its_value(
    mixed: Path, env: dict[str, str], command: str
) -> None:
    ran = run_cli(PROGRAM, command, mixed, "--on-forbidden", "omit", "--json", env=env)
    document = json.loads(ran.out)
    assert (ran.code, document["events"], document["accepted"], document["omitted"]) == (0, 3, 2, 1)
    assert document["refused"] == []
    assert {(row["event"], row["pointer"], row["action"]) for row in document["repaired"]} == {
        (1, "/metadata/details/lane", "member_omitted"),
        (2, "/metadata/name", "event_omitted"),
    }
    assert all(row["rule"].startswith("path.") for row in document["repaired"])
    assert "alice" not in ran.out + ran.err


def test_what_is_left_after_omit_is_what_is_kept(
    mixed: Path, env: dict[str, str], tmp_path: Path
) -> None:
    ran = run_cli(PROGRAM, "enqueue", mixed, "--on-forbidden", "omit", env=env)
    assert f"left out this member: {mixed}:2: event 1: /metadata/details/lane: path." in ran.err
    assert f"left out the event: {mixed}:3: event 2: /metadata/name: path." in ran.err
    events = _pending_events(tmp_path)
    assert [event["metric_value"] for event in events] == [1.0, 2.0]
    assert events[1]["metadata"]["details"] == {"ms": 3}
    kept = b"".join(path.read_bytes() for path in (tmp_path / "spool").rglob("*") if path.is_file())
    assert b"alice" not in kept


def test_check_is_a_preview_with_the_exit_codes_of_enqueue(
    mixed: Path, env: dict[str, str], tmp_path: Path
) -> None:
    for how, wrong, code in (
        ("refuse", {}, 1),
        ("omit", {}, 0),
        ("hash", {}, 0),
        ("omit", {"recorded_at": "2001-01-01T00:00:00Z"}, 1),
    ):
        path = _file(tmp_path, benchmark_event(details={"lane": PATH}, **wrong))
        ran = run_cli(PROGRAM, "check", path, "--on-forbidden", how, env=env)
        assert ran.code == code, (how, wrong)
    assert not (tmp_path / "spool").exists()


def test_hash_needs_the_keyring_only_when_something_is_hashed(
    client_env: dict[str, str], tmp_path: Path
) -> None:
    no_keyring = client_env | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    clean, dirty = benchmark_event(), benchmark_event(details={"lane": PATH})
    how = ("--on-forbidden", "hash")
    assert run_cli(PROGRAM, "enqueue", _file(tmp_path, clean), *how, env=no_keyring).code == 0
    path = _file(tmp_path, clean, dirty)
    assert run_cli(PROGRAM, "check", path, *how, env=no_keyring).code == 0
    ran = run_cli(PROGRAM, "enqueue", path, *how, "--again", env=no_keyring)
    assert (ran.code, "no usable keyring" in ran.err) == (3, True)
    assert len(_pending_events(tmp_path)) == 1
    assert names(tmp_path / "spool" / "tmp") == []


def test_hash_gives_equal_values_equal_hashes_over_calls(
    client_env: dict[str, str], tmp_path: Path
) -> None:
    for number in range(2):
        events = [
            benchmark_event(metric_value=number, details={"lane": value, "ms": 3})
            for value in (PATH, PATH, "/home/bob/x")
        ]
        ran = run_cli(
            PROGRAM, "enqueue", _file(tmp_path, *events), "--on-forbidden", "hash", env=client_env
        )
        assert (ran.code, ran.err.count("hashed: ") >= 3) == (0, True)
        assert "alice" not in ran.out + ran.err
    lanes = [event["metadata"]["details"]["lane"] for event in _pending_events(tmp_path)]
    assert lanes[0] == lanes[1] == lanes[3] == lanes[4] != lanes[2] == lanes[5]
    assert all(lane.startswith("hmac-sha256:") and len(lane) == 76 for lane in lanes)


def test_hash_refuses_a_forbidden_name(client_env: dict[str, str], tmp_path: Path) -> None:
    path = _file(tmp_path, benchmark_event(details={"prompt": "hello"}))
    ran = run_cli(PROGRAM, "enqueue", path, "--on-forbidden", "hash", "--json", env=client_env)
    document = json.loads(ran.out)
    assert (ran.code, document["repaired"], document["batches"]) == (1, [], [])
    assert "name.prompt" in {row["rule"] for row in document["refused"]}


def test_where_all_is_left_out_nothing_is_kept_and_it_is_said(
    env: dict[str, str], tmp_path: Path
) -> None:
    path = _file(tmp_path, benchmark_event(name=PATH))
    ran = run_cli(PROGRAM, "enqueue", path, "--on-forbidden", "omit", env=env)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.endswith("no new events to enqueue\n")
    assert not (tmp_path / "spool").exists()


def test_another_word_is_2(mixed: Path) -> None:
    assert run_cli(PROGRAM, "check", mixed, "--on-forbidden", "mask").code == 2
