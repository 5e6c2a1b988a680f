import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.cli import run_cli
from support.client_world import names, new_spool
from support.local_databases import METADATA, make_database, original_database

PROGRAM = "vox-telemetry"
NOW = datetime.now(UTC).replace(microsecond=0)
SPACE = NOW.strftime("%Y-%m-%d %H:%M:%S")
TEE = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")


def bench(number: float | None = 1.5, at: str = SPACE, metadata: str = METADATA) -> tuple[Any, ...]:
    return ("bench:demo", "benchmark_event", number, metadata, at)


def enqueue(db: Path, *options: str) -> dict[str, Any]:
    ran = run_cli(PROGRAM, "enqueue", "--from-store", "--db", db, *options, "--json", cwd=db.parent)
    document: dict[str, Any] = json.loads(ran.out)
    return document | {"code": ran.code}


def pending_events(folder: Path) -> list[Any]:
    spool = new_spool(folder / ".vox" / "telemetry-upload-queue")
    batches = [spool.approved(batch_id) for batch_id in spool.pending()]
    return [event for batch in batches if batch for event in json.loads(batch.payload)["events"]]


def test_rows_of_the_originals_database_become_events(tmp_path: Path) -> None:
    db = original_database(tmp_path / "vox.db", [bench(), bench(None, TEE)])
    before = db.read_bytes()
    document = enqueue(db)
    assert (document["code"], document["events"], document["accepted"]) == (0, 2, 2)
    event = {
        "metric_type": "benchmark_event",
        "session_id": "bench:demo",
        "recorded_at": NOW.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "metric_value": 1.5,
        "metadata": {"name": "ci_build_timings"},
    }
    assert pending_events(tmp_path) == [event, event | {"metric_value": None}]
    assert db.read_bytes() == before


def test_the_same_command_takes_only_what_is_new(tmp_path: Path) -> None:
    db = original_database(tmp_path / "vox.db", [bench(), bench(), bench(2.0)])
    first = enqueue(db)
    assert (first["accepted"], first["repeated"]) == (3, 0)
    again = enqueue(db)
    assert (again["code"], again["accepted"], again["repeated"], again["batches"]) == (0, 0, 3, [])
    columns = "session_id, metric_type, metric_value, metadata_json, created_at"
    make_database(
        db,
        f"INSERT INTO research_metrics ({columns}) "  # noqa: S608 -- constants
        f"SELECT {columns} FROM research_metrics WHERE id = 1",
    )
    # The third equal row is new, and a moved store is the same store.
    db = db.rename(tmp_path / "moved.db")
    later = enqueue(db)
    assert (later["accepted"], later["repeated"]) == (1, 3)
    assert len(pending_events(tmp_path)) == 4
    told = run_cli(PROGRAM, "enqueue", "--from-store", "--db", db, cwd=tmp_path)
    assert (
        told.err
        == "left out 4 rows that were enqueued before; --again takes them\nno new rows to enqueue\n"
    )


def test_a_file_that_was_enqueued_before_is_told_and_left_out_unless_wanted_again(
    tmp_path: Path, events_file: Path
) -> None:
    first = run_cli(PROGRAM, "enqueue", events_file, "--json", cwd=tmp_path)
    assert json.loads(first.out)["repeated"] == 0
    second = run_cli(PROGRAM, "enqueue", events_file, cwd=tmp_path)
    assert second.code == 0
    assert second.err == (
        "left out 5 events that were enqueued before; --again takes them\nno new events to enqueue\n"
    )
    assert len(pending_events(tmp_path)) == 5
    third = run_cli(PROGRAM, "enqueue", events_file, "--again", cwd=tmp_path)
    assert (third.code, third.err) == (
        0,
        "5 of these events were enqueued before; they count again\n",
    )
    assert len(pending_events(tmp_path)) == 10


def test_of_a_file_that_grew_only_what_is_new_is_taken(tmp_path: Path, events_file: Path) -> None:
    run_cli(PROGRAM, "enqueue", events_file, cwd=tmp_path)
    lines = events_file.read_text().splitlines(keepends=True)
    events_file.write_text("".join([lines[0], *lines]))
    ran = run_cli(PROGRAM, "enqueue", events_file, "--json", cwd=tmp_path)
    document = json.loads(ran.out)
    assert (document["events"], document["accepted"], document["repeated"]) == (6, 1, 5)


def test_kinds_that_may_not_leave_stay_and_are_named(tmp_path: Path) -> None:
    rows = [bench(), ("lint:x", "vox.lint.finding", None, "free text", SPACE)]
    db = original_database(tmp_path / "vox.db", rows)
    document = enqueue(db)
    assert (document["code"], document["accepted"]) == (0, 1)
    assert document["staying"] == [
        {"metric_type": "vox.lint.finding", "rule": "policy.transmission-class", "rows": 1}
    ]
    told = run_cli(PROGRAM, "enqueue", "--from-store", "--db", db, cwd=tmp_path)
    assert "left 1 row of vox.lint.finding here: policy.transmission-class\n" in told.err


def test_switched_off_all_rows_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOX_TELEMETRY", "off")
    document = enqueue(original_database(tmp_path / "vox.db", [bench(), bench(2.0)]))
    assert (document["code"], document["accepted"]) == (0, 0)
    assert document["staying"] == [
        {"metric_type": "benchmark_event", "rule": "switched-off", "rows": 2}
    ]


def test_one_bad_row_keeps_all_out_and_is_named_by_its_id(tmp_path: Path) -> None:
    rows = [bench(), bench(metadata='{"name":"alice@example.org"}'), bench(metadata="canary")]
    db = original_database(tmp_path / "vox.db", rows)
    ran = run_cli(PROGRAM, "enqueue", "--from-store", "--db", db, cwd=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert f"refused {db}:2: event 1: /metadata/name: " in ran.err
    assert f"refused {db}:3: event 2: /metadata: json.syntax" in ran.err
    assert "alice" not in ran.err
    assert "canary" not in ran.err
    assert names(tmp_path) == ["vox.db"]
    # How to go on although the default is all or nothing.
    way = ran.err.splitlines()[-1]
    assert way.startswith("nothing was kept: ")
    assert all(word in way for word in ("--metric-type", "--since", "--on-forbidden omit"))
    run_cli(PROGRAM, "enqueue", "--from-store", "--db", db, "--on-forbidden", "omit", cwd=tmp_path)
    assert not (tmp_path / ".vox").exists()  # the row that is no JSON is no matter of omission


def test_a_row_with_a_forbidden_field_can_be_left_out_of_the_others(tmp_path: Path) -> None:
    rows = [bench(), bench(2.0, metadata='{"name":"alice@example.org"}'), bench(3.0)]
    document = enqueue(original_database(tmp_path / "vox.db", rows), "--on-forbidden", "omit")
    assert (document["code"], document["accepted"], document["omitted"]) == (0, 2, 1)
    assert {(row["event"], row["action"]) for row in document["repaired"]} == {(1, "event_omitted")}
    assert [event["metric_value"] for event in pending_events(tmp_path)] == [1.5, 3.0]


def test_rows_are_chosen(tmp_path: Path) -> None:
    yesterday = NOW - timedelta(days=1)
    rows = [
        bench(1.0, yesterday.strftime("%Y-%m-%dT%H:%M:%SZ")),
        bench(2.0),
        ("bench:other", "benchmark_event", 3.0, METADATA, TEE),
        ("build:1", "build.summary", None, "{}", SPACE),
    ]
    db = original_database(tmp_path / "vox.db", rows)
    since = f"{NOW:%Y-%m-%d}"
    document = enqueue(
        db, "--since", since, "--metric-type", "benchmark_event", "--session-prefix", "bench:d"
    )
    assert (document["accepted"], document["repeated"]) == (1, 0)
    assert [event["metric_value"] for event in pending_events(tmp_path)] == [2.0]


def test_what_was_recorded_is_enqueued(tmp_path: Path) -> None:
    options = ("--type", "benchmark_event", "--session", "bench:x", "--metadata", METADATA)
    run_cli(PROGRAM, "record", *options, cwd=tmp_path)
    ran = run_cli(PROGRAM, "enqueue", "--from-store", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert [event["session_id"] for event in pending_events(tmp_path)] == ["bench:x"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "expected either FILE or --from-store"),
        (("x.json", "--from-store"), "expected either FILE or --from-store"),
        (("x.json", "--since", "2026-01-01"), "need --from-store"),
        (("--from-store", "--since", "yesterday"), "expected YYYY-MM-DD"),
    ],
)
def test_a_choice_that_makes_no_sense_is_2(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    ran = run_cli(PROGRAM, "enqueue", *arguments, cwd=tmp_path)
    assert (ran.code, message in ran.err) == (2, True)


def test_a_store_that_is_none_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database, " * 100)
    for name, message in (("text", "is damaged or no SQLite database"), ("gone", "there is no")):
        ran = run_cli(PROGRAM, "enqueue", "--from-store", "--db", tmp_path / name, cwd=tmp_path)
        assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
        assert message in ran.err
