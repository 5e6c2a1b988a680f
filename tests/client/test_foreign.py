"""Files in `pending/` that are no batches leave it unread, whatever they are."""

import os
from pathlib import Path

from support.client_world import journal, names, new_spool, put, stores, upload
from support.http_server import misbehaving_server
from vox_telemetry_client.foreign import printable, set_foreign_aside
from vox_telemetry_client.spool import Spool


def test_nothing_foreign_leaves_no_line_and_no_folder(spool: Spool) -> None:
    put(spool)
    before = len(journal(spool))
    assert set_foreign_aside(spool) == []
    assert (len(journal(spool)), spool.folder.foreign.exists()) == (before, False)


def test_case_11_foreign_files_and_bad_names_are_set_aside_and_never_sent(
    spool: Spool, tmp_path: Path
) -> None:
    (batch,) = put(spool)
    secret = tmp_path / "secret.json"
    secret.write_text("mine")
    room = spool.folder.pending
    (room / "notes.txt").write_text("mine")
    (room / f"{batch.batch_id.upper()}.json").write_bytes(batch.payload)
    (room / f"{batch.batch_id}.json.bak").write_bytes(batch.payload)
    (room / ".hidden").write_text("mine")
    (room / "folder").mkdir()
    (room / "folder" / "inside").write_text("mine")
    (room / "link.json").symlink_to(secret)
    os.mkfifo(room / "pipe")
    (room / os.fsdecode(b"odd-\xff\x1b[31m")).write_text("mine")
    with misbehaving_server(then=stores()) as server:
        report = upload(spool, server)
    assert [request.body for request in server.requests] == [batch.payload]
    assert names(room) == []
    assert secret.read_text() == "mine"
    (folder,) = spool.folder.foreign.iterdir()
    assert (folder / "link.json").is_symlink()
    assert (folder / "folder" / "inside").read_text() == "mine"
    assert len(report.foreign) == len(names(folder)) == 8
    (line,) = (line for line in journal(spool) if line["event"] == "foreign")
    assert line["folder"] == f"foreign/{folder.name}"
    assert sorted(line["names"]) == sorted(report.foreign)
    assert r"odd-\xff\x1b[31m" in report.foreign


def test_what_cannot_be_moved_does_not_hinder_the_rest(spool: Spool) -> None:
    (batch,) = put(spool)
    (spool.folder.pending / "a").write_text("mine")
    (spool.folder.pending / "b").write_text("mine")
    # A call within the same millisecond has moved another "a" before.
    target = spool.folder.foreign / "2026-11-22T120000.000Z"
    target.mkdir(parents=True, mode=0o700)
    spool.folder.foreign.chmod(0o700)
    (target / "a").write_text("earlier")
    assert set_foreign_aside(new_spool(spool.folder.root)) == ["b"]
    assert (target / "a").read_text() == "earlier"
    assert names(spool.folder.pending) == [f"{batch.batch_id}.json", "a"]


def test_names_are_printed_without_harm() -> None:
    assert printable("Gr\u00fc\u00dfe.txt") == "Gr\u00fc\u00dfe.txt"
    assert printable("a\nb\x1b[2J") == r"a\nb\x1b[2J"
    assert printable(os.fsdecode(b"\xff")) == r"\xff"
