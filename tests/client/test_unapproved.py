"""What lies under a batch's name and is not the batch is set aside with the reason, never sent."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.client_world import NOW, names, new_spool, put, stores, upload
from support.http_server import misbehaving_server
from vox_telemetry_client.errors import SpoolUnsafeError
from vox_telemetry_client.overview import look
from vox_telemetry_client.rejected import find
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.unapproved import shape_trouble
from vox_telemetry_spec.problems import Problem

AS_PLAIN_USER = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
LOOK = """
import sys
from pathlib import Path
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.unapproved import not_approved
print(not_approved(Folder(Path(sys.argv[1])), sys.argv[2]).detail)
"""
HUGE = 1_048_576 * 8
TARGET = "elsewhere.json"


def _symlink(path: Path) -> None:
    target = path.parent.parent / TARGET
    target.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(target)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("mine")


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES: dict[str, tuple[Callable[[Path], object], str, bool]] = {
    # name: what happens to the file, the reason, whether `status` can tell by kind and size alone
    "case_4_empty": (lambda path: path.write_bytes(b""), "it is empty", True),
    "case_4_short": (
        lambda path: os.truncate(path, 100),
        "its SHA-256 is not the one in the journal",
        False,
    ),
    "case_5_damaged": (
        lambda path: path.write_bytes(path.read_bytes().replace(b'"', b"'", 1)),
        "its SHA-256 is not the one in the journal",
        False,
    ),
    "case_10_symlink": (_symlink, "it is a symbolic link, expected a file", True),
    "case_11_folder": (_folder, "it is a folder, expected a file", True),
    "case_11_fifo": (_fifo, "it is a named pipe, expected a file", True),
    "case_11_huge": (
        lambda path: os.truncate(path, HUGE),
        "it has 8388608 bytes, a batch has 1048576 at most",
        True,
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged(spool: Spool, name: str) -> None:
    damage, why, is_seen = DAMAGES[name]
    batches = put(spool, events=3, max_events=1)
    damaged = batches[1]
    damage(spool.folder.pending / f"{damaged.batch_id}.json")
    said = look(spool.folder, NOW).damaged.first
    assert said == ([f"{damaged.batch_id}.json: {why}"] if is_seen else [])
    with misbehaving_server(then=stores()) as server:
        report = upload(spool, server)
    assert [request.body for request in server.requests] == [
        batches[0].payload,
        batches[2].payload,
    ]
    assert report.totals["set_aside"] == 1
    assert names(spool.folder.pending) == []
    problem = find(spool.folder, damaged.batch_id).problem
    assert problem is not None
    assert (problem.type, problem.detail) == ("urn:vox-telemetry:client:not-approved", why)


def test_case_10_unreadable_mode(spool: Spool) -> None:
    unreadable, kept = put(spool, events=2, max_events=1)
    (spool.folder.pending / f"{unreadable.batch_id}.json").chmod(0)
    # For root every file is readable, so a plain user of a namespace of its own looks.
    done = subprocess.run(
        [*AS_PLAIN_USER, sys.executable, "-c", LOOK, spool.folder.root, unreadable.batch_id],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "it cannot be read: permission denied\n"
    (spool.folder.pending / f"{unreadable.batch_id}.json").chmod(0o600)
    assert spool.approved(kept.batch_id) == kept


@pytest.mark.parametrize(
    ("spoil", "advice"),
    [
        (lambda room: room.chmod(0o755), "has mode 0755, expected 0700"),
        (lambda room: (room.rename(room.with_name("x")), room.symlink_to("x")), "symbolic link"),
        (lambda room: (room.rmdir(), room.write_text("")), "is no folder, expected one"),
    ],
    ids=["world-readable", "symlink", "file"],
)
@pytest.mark.parametrize("room", ["tmp", "rejected", "foreign"])
def test_case_10_a_room_that_others_could_change_is_refused_with_advice(
    spool: Spool, room: str, spoil: Callable[[Path], object], advice: str
) -> None:
    (spool.folder.root / room).mkdir(mode=0o700, exist_ok=True)
    spoil(spool.folder.root / room)
    with pytest.raises(SpoolUnsafeError, match=advice):
        spool.folder.check()


def test_case_5_a_damaged_record_of_the_journal_costs_its_batch_no_event(spool: Spool) -> None:
    first, second, third = (put(spool)[0] for _ in range(3))
    lines = spool.folder.journal.read_bytes().splitlines(keepends=True)
    spool.folder.journal.write_bytes(lines[0] + b"damaged\n" + lines[2])
    with misbehaving_server(then=stores()) as server:
        upload(new_spool(spool.folder.root), server)
    assert {request.body for request in server.requests} == {first.payload, third.payload}
    kept = find(spool.folder, second.batch_id)
    assert kept.payload == second.payload
    assert kept.problem is not None
    assert kept.problem.detail == "no line of the journal approves it"


def test_a_batch_without_a_line_is_set_aside(spool: Spool) -> None:
    (batch,) = put(new_spool(spool.folder.root.with_name("other")))
    (spool.folder.pending / f"{batch.batch_id}.json").write_bytes(batch.payload)
    with misbehaving_server(then=stores()) as server:
        upload(spool, server)
    assert server.requests == []
    problem = find(spool.folder, batch.batch_id).problem
    assert problem is not None
    assert problem.detail == "no line of the journal approves it"


def test_a_batch_that_was_set_aside_before_is_set_aside_again_with_its_own_reason(
    spool: Spool,
) -> None:
    (batch,) = put(spool)
    spool.set_aside(batch.batch_id, Problem(title="refused", status=422))
    (later,) = put(spool)
    (spool.folder.pending / f"{batch.batch_id}.json").write_bytes(batch.payload)
    with misbehaving_server(then=stores()) as server:
        upload(new_spool(spool.folder.root), server)
    assert [request.body for request in server.requests] == [later.payload]
    problem = find(spool.folder, f"{batch.batch_id}.2").problem
    assert problem is not None
    assert problem.detail.startswith("the journal has ended it before")
    assert find(spool.folder, batch.batch_id).payload == batch.payload


def test_a_file_of_any_fitting_size_has_no_trouble(tmp_path: Path) -> None:
    for size in (1, 1_048_576):
        (tmp_path / "x").write_bytes(b"x" * size)
        assert shape_trouble((tmp_path / "x").lstat()) == ""
    (tmp_path / "x").write_bytes(b"x" * 1_048_577)
    assert shape_trouble((tmp_path / "x").lstat()).startswith("it has 1048577 bytes")


def test_case_7_a_deletion_that_became_durable_before_the_journal_stops_nothing(
    spool: Spool,
) -> None:
    gone, kept = put(spool, events=2, max_events=1)
    (spool.folder.pending / f"{gone.batch_id}.json").unlink()
    again = new_spool(spool.folder.root)
    with misbehaving_server(then=stores()) as server:
        report = upload(again, server)
    assert [request.body for request in server.requests] == [kept.payload]
    assert (report.exit_code, report.stopped) == (0, None)
