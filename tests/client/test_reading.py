import errno
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from vox_telemetry_client import reading
from vox_telemetry_client.errors import InputRefusedError
from vox_telemetry_client.reading import NotJsonError, read_events


def _read(tmp_path: Path, content: bytes) -> list[object]:
    path = tmp_path / "in"
    path.write_bytes(content)
    return [event.fault.rule if event.fault else event.value for event in read_events(str(path))]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'[{"a":1},{"a":2}]', [{"a": 1}, {"a": 2}]),
        (b' [ {"a":1} ] \n', [{"a": 1}]),
        (b'{"a":1}', [{"a": 1}]),
        (b'{\n "a": 1\n}\n', [{"a": 1}]),
        (b'{"a":1}\n{"a":2}\n', [{"a": 1}, {"a": 2}]),
        (b'{"a":1}\r\n\r\n{"a":2}', [{"a": 1}, {"a": 2}]),
        (b'\n\n{"a":1}\n   \n{"a":2}\n\n', [{"a": 1}, {"a": 2}]),
        (b'{"a":1}\n[2]\n3\n', [{"a": 1}, [2], 3]),
        (b"42", [42]),
        (b'\xef\xbb\xbf[{"a":1}]', [{"a": 1}]),
        (b'\xef\xbb\xbf{"a":1}\n{"a":2}', [{"a": 1}, {"a": 2}]),
    ],
)
def test_the_three_forms(tmp_path: Path, content: bytes, expected: list[object]) -> None:
    assert _read(tmp_path, content) == expected


def test_a_bad_line_spoils_only_itself(tmp_path: Path) -> None:
    lines = b'{"a":1}\n{"a":1,"a":2}\n{"a":\n{"b":2}\n'
    assert _read(tmp_path, lines) == [{"a": 1}, "json.duplicate-name", "json.syntax", {"b": 2}]


def test_a_bad_line_is_numbered_as_an_editor_does(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b'\n{"a":1}\n\n{"a":NaN}\n')
    assert [event.line for event in read_events(str(path))] == [2, 4]


def test_a_first_bad_line_does_not_hide_the_others(tmp_path: Path) -> None:
    assert _read(tmp_path, b'{"a":NaN}\n{"a":2}\n') == ["json.not-finite", {"a": 2}]


@pytest.mark.parametrize(
    ("content", "event", "pointer", "rule"),
    [
        (b'[{"a":1},{"b":{"c":1,"c":2}}]', 1, "/b/c", "json.duplicate-name"),
        (b'{"b":{"c":NaN}}', 0, "/b/c", "json.not-finite"),
        (b"[1,2", 0, "", "json.syntax"),
        (b"hello", 0, "", "json.syntax"),
        (b'[{"a":1}] x', 0, "", "json.trailing-data"),
        (b'{"a":"\xff"}', 0, "", "json.encoding"),
        (b'[1,"\\ud800"]', 1, "", "json.surrogate"),
    ],
)
def test_a_broken_document_names_event_place_and_rule(
    tmp_path: Path, content: bytes, event: int, pointer: str, rule: str
) -> None:
    with pytest.raises(NotJsonError, match=f"in: {rule}") as caught:
        _read(tmp_path, content)
    assert (caught.value.event, caught.value.pointer, caught.value.rule) == (event, pointer, rule)


@pytest.mark.parametrize("content", [b"", b"  \n\n", b"[]", b" [ ] "])
def test_no_events_is_an_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputRefusedError, match="in: holds no events, expected at least one"):
        _read(tmp_path, content)


def test_a_folder_a_missing_file_and_a_loop_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputRefusedError, match=f"{tmp_path}: is a folder"):
        list(read_events(str(tmp_path)))
    with pytest.raises(InputRefusedError, match="gone: no such file"):
        list(read_events(str(tmp_path / "gone")))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(InputRefusedError, match="loop: cannot be read: too many levels"):
        list(read_events(str(tmp_path / "loop")))


def test_no_permission_is_said_so() -> None:
    # Root, as which CI runs, may read everything: the kernel's answer is made here.
    assert reading._reason(PermissionError(errno.EACCES, "x")) == "no permission to read it"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b'{"a":1}\n{"a":2}')))
    assert [event.value for event in read_events("-")] == [{"a": 1}, {"a": 2}]


def test_long_input_is_read_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "DOCUMENT_MAX_BYTES", 40)
    lines = [{"number": number} for number in range(50)]
    content = "\n".join(map(json.dumps, lines)).encode()
    assert _read(tmp_path, content) == lines
    assert _read(tmp_path, content + b"\n") == lines


def test_a_long_array_is_refused_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "DOCUMENT_MAX_BYTES", 40)
    with pytest.raises(
        InputRefusedError, match="array of more than 40 bytes, expected less, or JSON Lines"
    ):
        _read(tmp_path, b"[" + b"1," * 50 + b"1]")


def test_an_endless_line_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "DOCUMENT_MAX_BYTES", 40)
    monkeypatch.setattr(reading, "LINE_MAX_BYTES", 30)
    with pytest.raises(InputRefusedError, match="line 2 is longer than 30 bytes"):
        _read(tmp_path, b'{"a":1}\n"' + b"x" * 500 + b'"')


@pytest.mark.parametrize("content", [b'{"a":1}\n{"a":1,"a":2}\n', b'[{"a":1},{"a":23} ]'])
def test_the_sizes_of_the_events_tell_how_far_one_has_come(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "in"
    path.write_bytes(content)
    sizes = [event.size_bytes for event in read_events(str(path))]
    assert (len(sizes), min(sizes) > 0) == (2, True)
    assert len(content) - 1 <= sum(sizes) <= len(content)
