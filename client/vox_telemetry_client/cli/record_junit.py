"""`vox-telemetry record --junit`: the timings of test runs, as other tools wrote them down."""

from pathlib import Path

from vox_telemetry_client.cli import output
from vox_telemetry_client.counting import counted
from vox_telemetry_client.junit_import import JunitTimings, read_junit_files
from vox_telemetry_client.recording import recording_switch
from vox_telemetry_client.suite_recording import Recorded, record_suite
from vox_telemetry_client.timing_event import BENCHMARK

REPORTER = "junit"
_WORDS = {
    "own_name": "without a name of code that may be sent, counted for the class or file around",
    "any_name": "without any such name, in no row",
    "time": "without a time, counted and adding nothing",
    "readable_time": "with a time that is no number of seconds, counted and adding nothing",
}


def record_junit(names: list[str], repository: str, path: Path, *, as_json: bool) -> None:
    """Record the cases of all files by function, in one transaction, and say what was left out."""
    reason = recording_switch()(BENCHMARK)
    if reason is not None:  # not even looked at: a script must not fail for what is not recorded
        read, kept = JunitTimings(), Recorded(rows=0, cases=0, around=0, nameless=0)
    else:
        read = read_junit_files(names)
        kept = record_suite(read.timings, repository, REPORTER, path)
    lacking = _lacking(kept, read)
    if as_json:
        counts = {"rows": kept.rows, "cases": kept.cases, "lacking": lacking}
        output.document({"recorded": reason is None, **counts, "reason": reason})
    elif reason is not None:
        output.note(f"not recorded: {reason}")
    else:
        output.line(f"recorded {kept.in_words} in {path}")
        for what, cases in lacking.items():
            if cases:
                output.note(f"{cases} of {counted(kept.cases, 'case', 'cases')} {_WORDS[what]}")


def _lacking(kept: Recorded, read: JunitTimings) -> dict[str, int]:
    """Return how many cases lack what; a case may lack a name and a time."""
    return {
        "own_name": kept.around,
        "any_name": kept.nameless,
        "time": read.untimed,
        "readable_time": read.odd_times,
    }
