import os
from datetime import timedelta
from pathlib import Path

import pytest

from support.client_world import NOW
from vox_telemetry_client.errors import SpoolError
from vox_telemetry_client.state import (
    keep_earliest,
    keep_failed_runs,
    read_earliest,
    read_failed_runs,
)


def test_a_time_is_kept_over_restarts(tmp_path: Path) -> None:
    keep_earliest(tmp_path / "s", NOW + timedelta(seconds=90))
    assert (tmp_path / "s").read_text() == '{"earliest_next_attempt":"2026-11-22T12:01:30.000Z"}'
    assert read_earliest(tmp_path / "s", NOW) == NOW + timedelta(seconds=90)
    assert read_earliest(tmp_path / "s", NOW + timedelta(seconds=90)) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"earliest_next_attempt":5}',
        b'{"earliest_next_attempt":"2026-11-22T12:10:00Z","failed_runs":[]}',
        b'{"earliest_next_attempt":"2026-11-22T12:10:00Z"' + b" " * 300_000 + b"}",
        b'{"version":3,"queue":["another program"]}',
        b'{"earliest_next_attempt":"soon"}',
        b'{"earliest_next_attempt":"2026-11-22T13:00:01Z"}',  # further than a sink may ask: 1 h
    ],
)
def test_a_damaged_file_or_another_clock_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").write_bytes(content)
    assert read_earliest(tmp_path / "s", NOW) is None


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert read_earliest(tmp_path / "s", NOW) is None


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match="gone/s cannot be written: no such file"):
        keep_earliest(tmp_path / "gone" / "s", NOW)


def test_a_file_that_is_none_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "s")
    assert read_earliest(tmp_path / "s", NOW) is None
    (tmp_path / "link").symlink_to(tmp_path / "s")
    assert read_earliest(tmp_path / "link", NOW) is None


def test_what_failed_and_when_to_ask_again_do_not_overwrite_each_other(tmp_path: Path) -> None:
    keep_failed_runs(tmp_path / "s", {"a": 2, "b": 0})
    keep_earliest(tmp_path / "s", NOW + timedelta(seconds=90))
    assert read_failed_runs(tmp_path / "s") == {"a": 2, "b": 0}
    keep_failed_runs(tmp_path / "s", {})
    assert read_earliest(tmp_path / "s", NOW) == NOW + timedelta(seconds=90)
    assert read_failed_runs(tmp_path / "s") == {}


def test_a_count_below_zero_is_none(tmp_path: Path) -> None:
    (tmp_path / "s").write_text('{"failed_runs":{"a":-1,"b":1}}')
    assert read_failed_runs(tmp_path / "s") == {"b": 1}
