import os
from datetime import timedelta
from pathlib import Path

from support.client_world import NOW, put, tree
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.left_behind import left_behind
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem


def test_an_absent_spool_holds_nothing(tmp_path: Path) -> None:
    found = left_behind(Folder(tmp_path / "none"), NOW)
    counts = (found.set_aside, found.foreign, found.leftovers)
    assert [one.count for one in counts] == [0, 0, 0]


def test_each_kind_is_counted_and_nothing_changes(spool: Spool) -> None:
    aside, _ = put(spool, events=2, max_events=1)
    spool.set_aside(aside.batch_id, Problem())
    (spool.folder.rejected / f"{aside.batch_id}.2.json").write_text("{}")
    (spool.folder.tmp / "draft").write_text("x")
    spool.folder.foreign.mkdir(mode=0o700)
    (spool.folder.foreign / "2026-11-22T110000.000Z").mkdir()
    before = tree(spool.folder.root)
    found = left_behind(spool.folder, NOW + timedelta(days=2))
    assert found.set_aside.first == [aside.batch_id, f"{aside.batch_id}.2"]
    assert found.foreign.first == ["2026-11-22T110000.000Z"]
    assert found.leftovers.first == ["tmp/draft: left in tmp/ for more than a day"]
    assert tree(spool.folder.root) == before


def test_of_many_the_first_are_named(spool: Spool) -> None:
    for number in range(105):
        path = spool.folder.tmp / f"draft-{number}"
        path.write_text("x")
        os.utime(path, (0, 0))
    found = left_behind(spool.folder, NOW)
    assert (found.leftovers.count, len(found.leftovers.first)) == (105, 100)
