"""`rejected` as the operator sees it: the installed program."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from support.cli import command, run_cli
from support.client_world import NOW, consent_to, journal, names, put, tree
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.violations import Violation

PROGRAM = "vox-telemetry"
REFUSED = Problem(
    type="urn:vox-telemetry:problem:contract-refused",
    title="the batch breaks the contract",
    status=422,
    violations=[Violation(1, "/metadata/name", "path.posix")],
)


@pytest.fixture
def env(spool: Spool) -> dict[str, str]:
    return {"VOX_TELEMETRY_SPOOL_DIR": str(spool.folder.root)}


def test_of_nothing_nothing_is_listed_and_nothing_made(tmp_path: Path) -> None:
    ran = run_cli(PROGRAM, "rejected", "list", "--json", cwd=tmp_path)
    assert (ran.code, json.loads(ran.out)) == (0, {"rejected": []})
    for verb in ("retry", "discard"):
        assert run_cli(PROGRAM, "rejected", verb, "--all", cwd=tmp_path).code == 0
    assert list(tmp_path.iterdir()) == []


def test_list_gives_id_time_problem_events_and_bytes(spool: Spool, env: dict[str, str]) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, REFUSED)
    (row,) = json.loads(run_cli(PROGRAM, "rejected", "list", "--json", env=env).out)["rejected"]
    assert row.pop("at").startswith("20")
    assert row == {
        "id": batch.batch_id,
        "batch_id": batch.batch_id,
        "type": "urn:vox-telemetry:problem:contract-refused",
        "title": "the batch breaks the contract",
        "status": 422,
        "events": 3,
        "byte_count": len(batch.payload),
        "approved": True,
    }
    ran = run_cli(PROGRAM, "rejected", "list", env=env)
    cells = ran.out.split()
    assert cells[0] == batch.batch_id
    assert cells[2:5] == ["3", str(len(batch.payload)), "422"]


def test_show_gives_the_problem_by_event_and_pointer_and_the_exact_bytes(
    spool: Spool, env: dict[str, str]
) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, REFUSED)
    ran = run_cli(PROGRAM, "rejected", "show", batch.batch_id[:20], env=env)
    assert (ran.code, ran.out.encode()) == (0, batch.payload)
    assert "event 1: /metadata/name: path.posix" in ran.err
    assert "urn:vox-telemetry:problem:contract-refused 422" in ran.err
    document = json.loads(
        run_cli(PROGRAM, "rejected", "show", batch.batch_id, "--json", env=env).out
    )
    assert document["problem"]["violations"] == [
        {"event": 1, "pointer": "/metadata/name", "rule": "path.posix"}
    ]
    assert document["payload"] == json.loads(batch.payload)
    assert document["payload_sha256"] == batch.payload_sha256


def test_show_says_that_bytes_are_not_the_approved_ones(spool: Spool, env: dict[str, str]) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, Problem())
    (spool.folder.rejected / f"{batch.batch_id}.json").write_bytes(b"no json")
    ran = run_cli(PROGRAM, "rejected", "show", batch.batch_id, "--json", env=env)
    document = json.loads(ran.out)
    assert (document["payload"], document["approved"], document["events"]) == (None, False, None)
    (spool.folder.rejected / f"{batch.batch_id}.problem.json").unlink()
    told = run_cli(PROGRAM, "rejected", "show", batch.batch_id, env=env)
    assert "not the approved ones" in told.err
    assert "no reason lies beside it" in told.err


def test_retry_puts_back_and_hints_at_a_refusal_for_content(
    spool: Spool, env: dict[str, str]
) -> None:
    refused, tampered = put(spool, events=2, max_events=1)
    spool.set_aside(refused.batch_id, REFUSED)
    spool.set_aside(tampered.batch_id, Problem(type="urn:x", title="not approved"))
    (spool.folder.rejected / f"{tampered.batch_id}.json").write_bytes(b"{}")
    ran = run_cli(PROGRAM, "rejected", "retry", "--all", env=env)
    assert (ran.code, ran.out) == (1, f"{refused.batch_id} is pending again\n")
    assert f"{refused.batch_id} was refused for its content" in ran.err
    assert f"{tampered.batch_id} stays set aside: what lies there is not the bytes" in ran.err
    assert names(spool.folder.pending) == [f"{refused.batch_id}.json"]


def test_retry_gives_one_document(spool: Spool, env: dict[str, str]) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, REFUSED)
    ran = run_cli(PROGRAM, "rejected", "retry", batch.batch_id[:20], "--json", env=env)
    assert (ran.code, json.loads(ran.out)) == (
        0,
        {
            "retried": [batch.batch_id],
            "left": [],
            "refused_for_content": [batch.batch_id],
            "not_covered": [],
        },
    )


def test_retry_says_what_consent_does_not_cover(spool: Spool, env: dict[str, str]) -> None:
    (early,) = put(spool, now=NOW.replace(year=1999))
    spool.set_aside(early.batch_id, Problem())
    consent_to("https://sink.example")
    ran = run_cli(PROGRAM, "rejected", "retry", early.batch_id, "--json", env=env)
    assert json.loads(ran.out)["not_covered"] == [early.batch_id]


@pytest.mark.parametrize("verb", ["retry", "discard"])
def test_either_ids_or_all(spool: Spool, env: dict[str, str], verb: str) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, Problem())
    before = tree(spool.folder.root)
    for arguments in ((), ("--all", batch.batch_id)):
        ran = run_cli(PROGRAM, "rejected", verb, *arguments, env=env)
        assert (ran.code, "expected batch ids, or --all" in ran.err) == (2, True)
    ran = run_cli(PROGRAM, "rejected", verb, "ffff", env=env)
    assert (ran.code, "0 batches that were set aside begin with 'ffff'" in ran.err) == (1, True)
    assert tree(spool.folder.root) == before


def test_discard_wants_the_flag_where_nobody_can_be_asked(
    spool: Spool, env: dict[str, str]
) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, Problem())
    before = tree(spool.folder.root)
    ran = run_cli(PROGRAM, "rejected", "discard", batch.batch_id, env=env)
    assert (ran.code, "refusing rejected discard without --i-understand" in ran.err) == (2, True)
    assert tree(spool.folder.root) == before
    ran = run_cli(
        PROGRAM, "rejected", "discard", batch.batch_id, "--i-understand", "--json", env=env
    )
    assert json.loads(ran.out) == {"discarded": [batch.batch_id]}
    assert names(spool.folder.rejected) == []
    assert journal(spool)[-1]["reason"] == "rejected discard"


@pytest.mark.parametrize(("answer", "left"), [(b"n\n", 2), (b"y\n", 0)])
def test_discard_asks_on_a_terminal(
    spool: Spool, env: dict[str, str], answer: bytes, left: int
) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, Problem())
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(PROGRAM, "rejected", "discard", "--all"),
        env=os.environ | env,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, answer)
    process.communicate(timeout=30)
    os.close(ours)
    assert process.returncode == (0 if left == 0 else 2)
    assert len(names(spool.folder.rejected)) == left
