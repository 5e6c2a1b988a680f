from pathlib import Path

import pytest

from vox_telemetry_client.errors import InputRefusedError
from vox_telemetry_client.inputs import Inputs, find_inputs


def fill(folder: Path, *names: str, text: str = "{}") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def short(inputs: Inputs, folder: Path) -> list[str]:
    return [name.replace(f"{folder}/", "") for name in inputs.names]


def test_files_and_standard_input_are_taken_as_they_are_named(tmp_path: Path) -> None:
    fill(tmp_path, "notes.txt", ".hidden")
    (tmp_path / "link").symlink_to(tmp_path / "notes.txt")
    named = [str(tmp_path / ".hidden"), "-", str(tmp_path / "gone.json"), str(tmp_path / "link")]
    inputs = find_inputs(named)
    assert inputs.names == named
    assert (inputs.members(), inputs.are_several) == ({}, True)
    assert not find_inputs(["-"]).are_several


def test_a_folder_gives_its_events_files_sorted_and_says_what_it_left_out(tmp_path: Path) -> None:
    fill(tmp_path, "b.jsonl", "a/z.NDJSON", "a/c.json", "notes.txt", ".hidden.json", ".git/x.json")
    fill(tmp_path, "empty.json", text="")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link.json").symlink_to(tmp_path / "b.jsonl")
    inputs = find_inputs([str(tmp_path)])
    assert short(inputs, tmp_path) == ["a/c.json", "a/z.NDJSON", "b.jsonl"]
    assert inputs.members() == {
        "files": {
            "taken": 3,
            "left_out": {"hidden": 2, "links": 2, "of another kind": 1, "empty": 1},
        }
    }
    told: list[str] = []
    inputs.tell(told.append)
    assert told == ["took 3 files; left out: 1 empty, 2 hidden, 2 links, 1 of another kind"]


def test_a_pattern_is_expanded_also_over_folders(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.json", "a/2.json", "a/b/3.json", "a/b/4.txt", "a/.git/5.json")
    assert short(find_inputs([f"{tmp_path}/a/*.json"]), tmp_path) == ["a/1.json", "a/2.json"]
    deep = find_inputs([f"{tmp_path}/**/*.json"])
    assert short(deep, tmp_path) == ["a/1.json", "a/2.json", "a/b/3.json"]
    assert short(find_inputs([f"{tmp_path}/a/b/[0-9].t?t"]), tmp_path) == ["a/b/4.txt"]
    assert short(find_inputs([f"{tmp_path}/a/.git/*"]), tmp_path) == ["a/.git/5.json"]
    assert short(find_inputs([f"{tmp_path}/*/.git/*"]), tmp_path) == ["a/.git/5.json"]


def test_a_pattern_follows_no_link_and_says_what_it_left_out(tmp_path: Path) -> None:
    fill(tmp_path, "real/1.json", "x/y/z.json")
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    (tmp_path / "real" / "2.json").symlink_to(tmp_path / "x" / "y" / "z.json")
    inputs = find_inputs([f"{tmp_path}/real/*", f"{tmp_path}/x/y/*"])
    assert short(inputs, tmp_path) == ["real/1.json", "x/y/z.json"]
    assert inputs.left_out == {"links": 2}
    with pytest.raises(InputRefusedError, match="no file was found"):
        find_inputs([f"{tmp_path}/real/*/x/y/*"])


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    fill(tmp_path, "e[1].json", "e1.json")
    assert short(find_inputs([f"{tmp_path}/e[1].json"]), tmp_path) == ["e[1].json"]


def test_what_is_named_twice_is_read_once(tmp_path: Path) -> None:
    fill(tmp_path, "a.json", "b.json")
    inputs = find_inputs([str(tmp_path), f"{tmp_path}/*.json", str(tmp_path / "a.json"), "-", "-"])
    assert short(inputs, tmp_path) == ["a.json", "b.json", "-"]
    assert inputs.left_out == {"named twice": 4}
    assert "files" in inputs.members()


@pytest.mark.parametrize("name", ["", "*.jsonl", "none/**/*.json", "**"])
def test_a_folder_or_pattern_without_files_is_an_error(tmp_path: Path, name: str) -> None:
    fill(tmp_path, "notes.txt")
    with pytest.raises(InputRefusedError, match="no file was found there, expected "):
        find_inputs([f"{tmp_path}/{name}"])


def test_a_pattern_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputRefusedError, match="expected \\*\\* between slashes"):
        find_inputs([f"{tmp_path}/a**b"])
