"""`vox-telemetry record --junit`: the timings of test runs, as other tools wrote them down."""

from pathlib import Path

from vox_telemetry_client.cli import output
from vox_telemetry_client.junit_import import JunitTimings, read_junit_files
from vox_telemetry_client.recording import recording_switch
from vox_telemetry_client.suite_recording import Recorded, record_suite
from vox_telemetry_client.timing_event import BENCHMARK

REPORTER = "junit"


def record_junit(names: list[str], repository: str, path: Path, *, as_json: bool) -> None:
    """Record the cases of all files by function, in one transaction, and say what was left out."""
    reason = recording_switch()(BENCHMARK)
    read = read_junit_files(names)
    if reason is not None:
        kept = Recorded(rows=0, cases=0, around=0, nameless=0)
    else:
        kept = record_suite(read.timings, repository, REPORTER, path)
    if as_json:
        output.document(
            {
                "recorded": reason is None,
                "rows": kept.rows,
                "cases": read.timings.cases,
                "left_out": _left_out(kept, read),
                "reason": reason,
            }
        )
    elif reason is not None:
        output.note(f"not recorded: {reason}")
    else:
        output.line(f"recorded {kept.rows} rows of {kept.cases} test cases in {path}")
        for what, cases in _left_out(kept, read).items():
            if cases:
                output.note(f"{cases} cases {_WORDS[what]}")


_WORDS = {
    "own_name": "have no name of code that may be sent: they count for the class or file around",
    "whole_case": "have no such name around them either: they are in no row",
    "missing_time": "say no time: they are counted, and add nothing",
    "odd_time": "have a time that is no number of seconds: they are counted, and add nothing",
}


def _left_out(kept: Recorded, read: JunitTimings) -> dict[str, int]:
    """Return how many cases lost what; a case may be in two of them."""
    return {
        "own_name": kept.around,
        "whole_case": kept.nameless,
        "missing_time": read.untimed,
        "odd_time": read.odd_times,
    }
