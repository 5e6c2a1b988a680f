"""kill -9 at each step of each change: the next change finds all of it or nothing of it."""

from pathlib import Path

import pytest

from support.cli import run_cli
from support.client_world import consent_to, journal, names, new_spool, put, run_and_kill, stores
from support.http_answers import Answer
from support.http_server import misbehaving_server
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem

KILLED = -9
APPEND = "vox_telemetry_client.journal:Journal.append"


@pytest.mark.parametrize(
    ("place", "when", "kept"),
    [
        ("vox_telemetry_client.staging:write_new", "before", 0),
        ("vox_telemetry_client.staging:write_new", "after", 0),
        (APPEND, "before", 0),
        (APPEND, "after", 3),  # the line is the decision
        ("vox_telemetry_client.spool:publish", "before", 3),
        ("vox_telemetry_client.spool:publish", "after", 3),
        ("pathlib:Path.rename", "after", 3),  # the first of three renames
    ],
)
def test_an_enqueue_that_is_killed_keeps_all_or_nothing(
    tmp_path: Path, events_file: Path, place: str, when: str, kept: int
) -> None:
    env = {"VOX_TELEMETRY_SPOOL_DIR": str(tmp_path / "spool")}
    arguments = ("enqueue", events_file, "--max-events", "2")
    assert run_and_kill(place, when, "", *arguments, env=env, cwd=tmp_path) == KILLED
    spool = new_spool(tmp_path / "spool")
    pending = spool.pending()
    assert len(pending) == kept
    assert all(spool.approved(batch_id) is not None for batch_id in pending)
    assert names(spool.folder.tmp) == []
    # The next enqueue is not hindered.
    assert run_cli("vox-telemetry", *arguments, "--again", env=env, cwd=tmp_path).code == 0
    assert len(new_spool(tmp_path / "spool").pending()) == kept + 3


@pytest.mark.parametrize(
    ("place", "when", "line", "requests"),
    [
        # Between the 2xx and the journal: the batch goes out again, and the sink says duplicate.
        (APPEND, "before", "Acknowledged", 2),
        # After the journal line: the receipt is known, so nothing is sent again.
        (APPEND, "after", "Acknowledged", 1),
        ("vox_telemetry_client.spool:Spool.receive", "after", "", 1),
    ],
)
def test_an_upload_that_is_killed_is_finished_by_the_next(
    client_env: dict[str, str], tmp_path: Path, place: str, when: str, line: str, requests: int
) -> None:
    (batch,) = put(new_spool(tmp_path / "spool"))
    assert run_cli("vox-telemetry", "keys", "generate", env=client_env).code == 0
    with misbehaving_server(stores(), then=stores(200)) as server:
        consent_to(server.url)
        env = client_env | {"VOX_TELEMETRY_UPLOAD_URL": server.url}
        assert run_and_kill(place, when, line, "upload", env=env, cwd=tmp_path) == KILLED
        again = run_cli("vox-telemetry", "upload", env=env, cwd=tmp_path)
    assert (again.code, again.err) == (0, "")
    assert [request.body for request in server.requests] == [batch.payload] * requests
    spool = new_spool(tmp_path / "spool")
    assert spool.pending() == names(spool.folder.rejected) == names(spool.folder.pending) == []
    assert [one["event"] for one in journal(spool)].count("acknowledged") == 1


@pytest.mark.parametrize(
    ("place", "when", "line", "requests"),
    [
        (APPEND, "before", "Split", 4),
        (APPEND, "after", "Split", 3),
        ("vox_telemetry_client.spool:publish", "after", "", 3),
    ],
)
def test_a_split_that_is_killed_loses_and_doubles_no_event(
    client_env: dict[str, str], tmp_path: Path, place: str, when: str, line: str, requests: int
) -> None:
    put(new_spool(tmp_path / "spool"), events=4)
    assert run_cli("vox-telemetry", "keys", "generate", env=client_env).code == 0
    too_large = Answer(_too_large)
    with misbehaving_server(then=too_large) as server:
        consent_to(server.url)
        env = client_env | {"VOX_TELEMETRY_UPLOAD_URL": server.url}
        assert run_and_kill(place, when, line, "upload", env=env, cwd=tmp_path) == KILLED
        assert run_cli("vox-telemetry", "upload", env=env, cwd=tmp_path).code == 0
    assert len(server.requests) == requests
    stored = [
        request.body for request in server.requests if request.body.count(b"benchmark_event") <= 2
    ]
    assert sum(body.count(b"benchmark_event") for body in stored) == 4
    spool = new_spool(tmp_path / "spool")
    assert spool.pending() == []
    assert names(spool.folder.pending) == []


def test_a_batch_that_the_journal_rejected_is_moved_by_the_next_change(spool: Spool) -> None:
    (batch,) = put(spool)
    problem = Problem(title="no", status=422)
    spool._decide(_rejected(batch.batch_id, problem))  # and killed here
    again = new_spool(spool.folder.root)
    assert again.pending() == []
    assert names(spool.folder.rejected) == [
        f"{batch.batch_id}.json",
        f"{batch.batch_id}.problem.json",
    ]


def _rejected(batch_id: str, problem: Problem) -> object:
    from vox_telemetry_client.journal_lines import Rejected

    return Rejected("2026-11-22T12:00:00.000Z", batch_id, problem)


def _too_large(connection: object, request: object) -> None:
    """Answer 413 to more than two events, 201 to fewer."""
    from support.http_answers import reply

    small = request.body.count(b"benchmark_event") <= 2
    (stores() if small else reply(413)).send(connection, request)
