"""`journal` as the operator sees it: the installed program."""

import json
import os
import pty
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.cli import command, run_cli
from support.client_world import journal, put, stores, upload
from support.http_server import misbehaving_server
from vox_telemetry_client import rejected
from vox_telemetry_client.cli.journal_words import in_words
from vox_telemetry_client.consent import Consent, State
from vox_telemetry_client.journal_lines import Cleaned, Pruned
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem

PROGRAM = "vox-telemetry"
AT = "2026-11-22T12:00:00.000Z"
KINDS = {
    *("enqueued", "attempt", "acknowledged", "rejected", "split", "pruned", "consent"),
    *("discarded", "retried", "foreign", "cleaned"),
}


@pytest.fixture
def env(spool: Spool) -> dict[str, str]:
    return {"VOX_TELEMETRY_SPOOL_DIR": str(spool.folder.root)}


def everything(spool: Spool) -> None:
    """Bring one line of each kind into the journal, by the verbs that write them."""
    first, second, third = put(spool, events=6, max_events=2)
    spool.decided(Consent(State.DENIED, AT))
    spool.set_aside(first.batch_id, Problem(title="refused", status=422))
    rejected.retry(spool, [first.batch_id])
    spool.set_aside(second.batch_id, Problem(title="refused", status=422))
    rejected.discard(spool, [second.batch_id], "rejected discard")
    spool.split(third.batch_id, [])
    spool.pruned(Pruned(AT, "/home/me/vox.db", "policy", {"research_metrics": 2}))
    (spool.folder.pending / "notes.txt").write_text("mine")
    with misbehaving_server(then=stores()) as server:
        upload(spool, server)
    with spool.changing() as decide:
        decide(Cleaned(AT, ["tmp/draft"], "prune spool"))


def test_every_kind_of_line_is_readable(spool: Spool, env: dict[str, str]) -> None:
    everything(spool)
    assert {line["event"] for line in journal(spool)} == KINDS
    ran = run_cli(PROGRAM, "journal", env=env)
    assert (ran.code, ran.err) == (0, "")
    rows = [line.split(maxsplit=3) for line in ran.out.splitlines()]
    assert [row[1] for row in rows] == [line["event"] for line in journal(spool)]
    said = {row[1]: row[3] for row in rows}
    assert said == {
        "enqueued": "3 batches with 6 events approved",
        "consent": "denied",
        "rejected": "set aside: 422 refused",
        "retried": "1 batch with 2 events put back",
        "discarded": "1 batch deleted: rejected discard",
        "split": "too large, replaced by",
        "pruned": "rows deleted from vox.db: research_metrics 2",
        "foreign": f"1 file that is no batch moved to foreign/{AT.replace(':', '')}",
        "attempt": "answer 201: acknowledge",
        "acknowledged": "receipt of 2026-11-22T12:00:01.000Z for 2 events",
        "cleaned": "1 file deleted: prune spool",
    }


def test_one_json_document_and_json_lines(spool: Spool, env: dict[str, str]) -> None:
    everything(spool)
    document = json.loads(run_cli(PROGRAM, "journal", "--json", env=env).out)
    assert document == {"lines": journal(spool), "unreadable": {"count": 0, "first_lines": []}}
    ran = run_cli(PROGRAM, "journal", "--jsonl", env=env)
    assert [json.loads(line) for line in ran.out.splitlines()] == journal(spool)


def test_damaged_lines_are_counted_and_told_with_their_numbers(
    spool: Spool, env: dict[str, str]
) -> None:
    put(spool)
    with spool.folder.journal.open("ab") as file:
        file.write(b"damaged\n")
    put(spool)
    with spool.folder.journal.open("ab") as file:
        file.write(b'{"event":"attempt"')
    ran = run_cli(PROGRAM, "journal", env=env)
    assert (ran.code, len(ran.out.splitlines())) == (0, 2)
    assert ran.err == "the journal has 2 unreadable lines: 2, 4\n"
    document = json.loads(run_cli(PROGRAM, "journal", "--json", env=env).out)
    assert document["unreadable"] == {"count": 2, "first_lines": [2, 4]}


def test_since_takes_days_and_times(spool: Spool, env: dict[str, str]) -> None:
    for day in (1, 2):
        with spool.changing() as decide:
            decide(Cleaned(f"2026-11-0{day}T10:00:00.000Z", [], str(day)))
    for since, count in (
        ("2026-11-01", 2),
        ("2026-11-01 10:00:00", 2),
        ("2026-11-01T10:00:01Z", 1),
        ("2026-11-03", 0),
    ):
        ran = run_cli(PROGRAM, "journal", "--since", since, "--jsonl", env=env)
        assert len(ran.out.splitlines()) == count
    ran = run_cli(PROGRAM, "journal", "--since", "yesterday", env=env)
    assert (ran.code, "expected YYYY-MM-DD" in ran.err) == (2, True)


def test_the_lines_of_one_batch_also_where_it_came_from(spool: Spool, env: dict[str, str]) -> None:
    first, second = put(spool, events=2, max_events=1)
    spool.set_aside(second.batch_id, Problem())
    ran = run_cli(PROGRAM, "journal", "--batch", first.batch_id, "--jsonl", env=env)
    assert [json.loads(line)["event"] for line in ran.out.splitlines()] == ["enqueued"]
    ran = run_cli(PROGRAM, "journal", "--batch", second.batch_id, "--jsonl", env=env)
    assert [json.loads(line)["event"] for line in ran.out.splitlines()] == ["enqueued", "rejected"]


def test_an_absent_spool_has_an_empty_journal(tmp_path: Path) -> None:
    ran = run_cli(PROGRAM, "journal", "--json", cwd=tmp_path)
    assert json.loads(ran.out)["lines"] == []
    assert list(tmp_path.iterdir()) == []


def test_on_a_terminal_it_is_a_table(spool: Spool, env: dict[str, str]) -> None:
    put(spool)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(PROGRAM, "journal"), env=os.environ | env | {"COLUMNS": "160"}, stdout=theirs
    )
    os.close(theirs)
    shown = os.read(ours, 4_096)
    assert process.wait(30) == 0
    os.close(ours)
    assert re.sub(rb"\x1b\[[0-9;]*m", b"", shown).split()[:4] == [
        b"TIME",
        b"EVENT",
        b"BATCH",
        b"WHAT",
    ]


def test_a_kind_of_line_without_words_is_our_mistake() -> None:
    with pytest.raises(TypeError, match="datetime has no words"):
        in_words(datetime.now(UTC))  # type: ignore[arg-type]
