import stat
from pathlib import Path

import pytest

from support.client_world import umask
from vox_telemetry_client.errors import SpoolError, SpoolUnsafeError
from vox_telemetry_client.folder import Folder, batch_ids, is_batch_file, oldest

ID_A = "019abcde-0000-7000-8000-000000000001"
ID_B = "019abcde-0000-7000-8000-000000000002"


def test_everything_is_only_for_its_user_whatever_the_umask(tmp_path: Path) -> None:
    root = tmp_path / ".vox" / "q"
    with umask(0):
        Folder(root).create()
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in (root, *root.iterdir())} == {
        "q": 0o700,
        "tmp": 0o700,
        "pending": 0o700,
        "rejected": 0o700,
        ".gitignore": 0o600,
    }
    assert (root / ".gitignore").read_text() == "*\n"


def test_making_it_twice_changes_nothing(tmp_path: Path) -> None:
    Folder(tmp_path / "q").create()
    (tmp_path / "q" / ".gitignore").write_text("mine")
    Folder(tmp_path / "q").create()
    assert (tmp_path / "q" / ".gitignore").read_text() == "mine"


@pytest.mark.parametrize("room", ["", "tmp", "pending", "rejected"])
@pytest.mark.parametrize("mode", [0o755, 0o710, 0o701, 0o770])
def test_a_room_that_others_may_enter_is_refused_with_advice(
    tmp_path: Path, room: str, mode: int
) -> None:
    Folder(tmp_path / "q").create()
    (tmp_path / "q" / room).chmod(mode)
    with pytest.raises(SpoolUnsafeError, match=rf"has mode {mode:04o}, expected 0700: .*chmod 700"):
        Folder(tmp_path / "q").create()


@pytest.mark.parametrize("room", ["", "pending"])
def test_a_symbolic_link_is_refused(tmp_path: Path, room: str) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    if room:
        (tmp_path / "q").mkdir(mode=0o700)
    (tmp_path / "q" / room).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SpoolUnsafeError, match="is a symbolic link, expected a folder"):
        Folder(tmp_path / "q").check()


def test_anothers_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Folder(tmp_path / "q").create()
    me = (tmp_path / "q").stat().st_uid
    monkeypatch.setattr("os.geteuid", lambda: me + 1)
    with pytest.raises(SpoolUnsafeError, match=f"belongs to user {me}, expected {me + 1}"):
        Folder(tmp_path / "q").check()


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "q").write_text("")
    with pytest.raises(SpoolUnsafeError, match="is no folder, expected one"):
        Folder(tmp_path / "q").check()
    with pytest.raises(SpoolError, match=r"cannot be made: .*; choose another"):
        Folder(tmp_path / "q" / "below").create()


def test_an_absent_spool_is_safe_and_empty(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "q")
    folder.check()
    assert list(batch_ids(folder.pending)) == oldest(folder.pending) == []
    assert not folder.root.exists()


def test_only_batch_names_are_batches_oldest_first(tmp_path: Path) -> None:
    foreign = [
        "x.json",
        f"{ID_A}.json.bak",
        f"{ID_A.upper()}.json",
        f"{ID_A}",
        "019abcde-0000-4000-8000-000000000001.json",
    ]
    for name in (f"{ID_B}.json", f"{ID_A}.json", *foreign):
        (tmp_path / name).touch()
    assert sorted(batch_ids(tmp_path)) == oldest(tmp_path) == [ID_A, ID_B]
    assert oldest(tmp_path, after=ID_A) == [ID_B]
    assert oldest(tmp_path, until=ID_A) == [ID_A]
    assert [name for name in foreign if is_batch_file(name)] == []
