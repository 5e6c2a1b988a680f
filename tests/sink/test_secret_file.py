"""A secret from a file: one line, and no message repeats it."""

import os
from pathlib import Path

import pytest

from vox_telemetry_sink.errors import ConfigError
from vox_telemetry_sink.secret_file import read_secret

NAME = "VOX_SINK_UPLOAD_TOKEN_FILE"


@pytest.mark.parametrize("raw", [b"geheim", b"geheim\n", b" geheim\r\n\n"])
def test_white_space_around_the_one_line_is_not_part_of_it(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(raw)
    assert read_secret(NAME, tmp_path / "secret") == "geheim"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "which is blank, expected one line"),
        (b" \n", "which is blank, expected one line"),
        (b"geheim\ngeheim\n", "which holds 2 lines, expected one line"),
        (b"geheim\xff", "which is no UTF-8 text, expected one line"),
        (b"geheim" * 1_000, "which is longer than 4096 bytes"),
    ],
)
def test_anything_else_is_refused_without_its_text(
    raw: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_bytes(raw)
    with pytest.raises(ConfigError, match=message) as caught:
        read_secret(NAME, tmp_path / "secret")
    assert f"{NAME} is '{tmp_path}/secret'" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_4096_bytes_are_not_too_long(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x" * 4_096)
    assert read_secret(NAME, tmp_path / "secret") == "x" * 4_096


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: no such file or directory; expected"):
        read_secret(NAME, tmp_path / "none")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ConfigError, match="cannot be read: too many levels of symbolic links"):
        read_secret(NAME, tmp_path / "loop")


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ConfigError, match="which is no regular file, expected one that"):
            read_secret(NAME, path)
