"""The client as an operator runs it: a new process, which the neighbours' tests go without."""

import os
from pathlib import Path

import pytest

from vox_telemetry_sink.testing import ProgramFailedError, Ran
from vox_telemetry_sink.testing.client_program import run as run_in_a_new_process

NOBODYS_MODULE = "raise SystemExit('imported from the folder where it runs')\n"


def test_it_is_a_process_with_these_streams_and_folder_and_no_module_of_that_folder(
    tmp_path: Path,
) -> None:
    (tmp_path / "typer.py").write_text(NOBODYS_MODULE)
    (tmp_path / "one.jsonl").write_text("{}\n")
    ran = run_in_a_new_process(("check", "one.jsonl", "--json"), os.environ, "", tmp_path)
    assert (ran.code, ran.json()["accepted"]) == (1, 0)
    ran = run_in_a_new_process(("check", Path("-"), "--json"), os.environ, "{}\n{}\n", tmp_path)
    assert len({one["event"] for one in ran.json()["refused"]}) == 2


def test_no_document_is_an_error_with_the_code_and_what_was_said() -> None:
    with pytest.raises(ProgramFailedError, match="got no JSON document and exit code 3: no key"):
        Ran(3, "", "no key\n").json()
