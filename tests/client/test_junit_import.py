import sys
from pathlib import Path

import pytest

from vox_telemetry_client import junit_import
from vox_telemetry_client.errors import InputRefusedError
from vox_telemetry_client.junit_import import read_junit_files


def report(path: Path, *names: str) -> str:
    cases = "".join(f'<testcase classname="a.b" name="{name}"/>' for name in names)
    path.write_text(f"<testsuite>{cases}</testsuite>")
    return str(path)


def test_files_are_one_run(tmp_path: Path) -> None:
    first, second = report(tmp_path / "1.xml", "f", "g"), report(tmp_path / "2.xml", "f")
    found = read_junit_files([first, second])
    assert (len(found.timings), found.timings.cases, found.untimed) == (2, 3, 3)


def test_more_functions_than_are_summed_up_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(junit_import, "TIMINGS_MAX_FUNCTIONS", 2)
    read_junit_files([report(tmp_path / "1.xml", "f", "g", "f[1]", "g[2]")])
    with pytest.raises(
        InputRefusedError, match=r"more than 2 test functions.*nothing was recorded"
    ):
        read_junit_files([report(tmp_path / "1.xml", "f", "g", "h")])


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputRefusedError, match="cannot be read: is a directory"):
        read_junit_files([str(tmp_path)])


def test_standard_input_that_is_closed_has_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # as Python has it after `<&-`
    with pytest.raises(InputRefusedError, match="standard input is closed, expected a JUnit file"):
        read_junit_files(["-"])
