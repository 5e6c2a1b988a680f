import json
from pathlib import Path

import pytest

from support.cli import run_cli
from support.local_databases import query

PROGRAM = "vox-telemetry"
ROWS = (
    "SELECT session_id, metric_type, metric_value, metadata_json FROM research_metrics ORDER BY id"
)
# The word is wherever a tool puts something of the data, the machine or the person.
REPORT = """<?xml version="1.0"?><!-- canary --><?canary canary?>
<testsuites name="canary words"><testsuite name="canary words" hostname="canary" package="canary"
  timestamp="2026-11-22T09:00:00" id="canary" file="/home/canary/a.py">
 <properties><property name="canary" value="canary"/></properties>
 <testcase classname="tests.test_a" name="test_sets[canary]" time="1.5" file="canary.py" line="3"
   owner="canary"><properties><property name="canary" value="canary"/></properties></testcase>
 <testcase classname="tests.test_a" name="test_sets[canary two]" time="2,001.5"/>
 <testcase classname="tests.test_a" name="test_bad"><failure message="canary" type="canary">canary
   File "/home/canary/a.py", line 3</failure><system-out>canary</system-out>
   <system-err><![CDATA[canary]]></system-err></testcase>
 <testcase classname="tests.test_a" name="test_odd" time="canary"/>
 <testcase classname="tests.test_a" name="rejects canary as a word" time="1"/>
 <testcase classname="two words canary" name="rejects canary as a word" time="1"/>
 <testcase classname="tests.test_a" name="test_skip"><skipped message="canary"/></testcase>
 <system-out>canary</system-out><system-err>canary</system-err>
</testsuite></testsuites>
"""
RECORD = ("record", "--repository", "my-project", "--db", "store/m.db", "--junit")


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.xml"
    path.write_text(REPORT)
    return path


def test_a_file_becomes_one_row_a_function(tmp_path: Path, report: Path) -> None:
    ran = run_cli(PROGRAM, *RECORD, report, cwd=tmp_path)
    assert (ran.code, ran.out) == (0, "recorded 5 rows of 7 test cases in store/m.db\n")
    assert ran.err.splitlines() == [
        "1 of 7 cases without a name of code that may be sent, counted for the class or file around",
        "1 of 7 cases without any such name, in no row",
        "2 of 7 cases without a time, counted and adding nothing",
        "1 of 7 cases with a time that is no number of seconds, counted and adding nothing",
    ]
    found = []
    for session, metric_type, value, text in query(tmp_path / "store" / "m.db", ROWS):
        assert (session, metric_type) == ("bench:my-project", "benchmark_event")
        metadata = json.loads(text)
        details = metadata["details"]
        found.append((metadata["name"], value, details["outcome"], details["cases"]))
    assert found == [
        ("tests.test_a", 1.0, "passed", 1),
        ("tests.test_a.test_bad", None, "failed", 1),
        ("tests.test_a.test_odd", None, "passed", 1),
        ("tests.test_a.test_sets", 2003.0, "passed", 2),
        ("tests.test_a.test_skip", None, "skipped", 1),
    ]


def test_no_message_output_property_or_host_gets_in_or_is_said(
    tmp_path: Path, report: Path
) -> None:
    ran = run_cli(PROGRAM, *RECORD, report, cwd=tmp_path)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "store").iterdir())
    assert b"test_sets" in kept
    assert b"canary" not in kept
    assert "canary" not in ran.out + ran.err


def test_several_files_and_standard_input_are_one_run(tmp_path: Path, report: Path) -> None:
    more = (
        '<testsuite><testcase classname="tests.test_a" name="test_sets[z]" time="1"/></testsuite>'
    )
    ran = run_cli(PROGRAM, *RECORD, report, "--junit", "-", "--json", input=more, cwd=tmp_path)
    assert json.loads(ran.out) == {
        "recorded": True,
        "rows": 5,
        "cases": 8,
        "lacking": {"own_name": 1, "any_name": 1, "time": 2, "readable_time": 1},
        "reason": None,
    }


def test_the_same_file_again_is_recorded_again(tmp_path: Path, report: Path) -> None:
    for _ in range(2):
        assert run_cli(PROGRAM, *RECORD, report, cwd=tmp_path).code == 0
    assert len(query(tmp_path / "store" / "m.db", ROWS)) == 10


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (REPORT.replace("</testsuites>", "").encode(), "line 17: no element found"),
        (b"<!DOCTYPE x [<!ENTITY a 'canary'>]><testsuite/>", "has a document type (DOCTYPE)"),
        (REPORT.encode() + b"\xff", "not well-formed"),
        (b"", "no element found"),
    ],
)
def test_a_refused_file_records_nothing_not_even_of_the_files_before(
    tmp_path: Path, report: Path, raw: bytes, words: str
) -> None:
    (tmp_path / "bad.xml").write_bytes(raw)
    ran = run_cli(PROGRAM, *RECORD, report, "--junit", "bad.xml", cwd=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("vox-telemetry: bad.xml: ")
    assert words in ran.err
    assert ran.err.endswith("nothing was recorded\n")
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--junit", "report.xml"), "--junit needs --repository"),
        (("--junit", "report.xml", "--repository", "x", "--type", "t"), "expected --repository"),
        (("--junit", "report.xml", "--repository", "x", "--value", "0"), "expected --repository"),
        (("--repository", "x"), "expected --type and --session, or --junit and --repository"),
        (("--type", "t"), "expected --type and --session, or --junit and --repository"),
        (("--junit",), "--junit"),
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(
    tmp_path: Path, report: Path, arguments: tuple[str, ...], words: str
) -> None:
    ran = run_cli(PROGRAM, "record", *arguments, cwd=tmp_path)
    assert (ran.code, ran.out, words in ran.err) == (2, "", True)
    assert not (tmp_path / ".vox").exists()


def test_a_missing_file_and_a_repository_id_of_words_are_one_line(
    tmp_path: Path, report: Path
) -> None:
    missing = run_cli(PROGRAM, *RECORD, "none.xml", cwd=tmp_path)
    assert (missing.code, missing.err) == (
        1,
        "vox-telemetry: none.xml: cannot be read: no such file or directory; nothing was recorded\n",
    )
    words = run_cli(
        PROGRAM, "record", "--junit", report, "--repository", "two words", "--json", cwd=tmp_path
    )
    assert (words.code, json.loads(words.out)["error"]["kind"]) == (1, "input-refused")
    assert "two words" not in words.err


def test_switched_off_nothing_is_recorded_and_the_script_goes_on(
    tmp_path: Path, report: Path
) -> None:
    env = {"VOX_BENCHMARK_TELEMETRY": "0"}
    report.write_text("no XML")
    told = run_cli(PROGRAM, *RECORD, report, env=env, cwd=tmp_path)
    assert (told.code, told.out) == (0, "")
    assert told.err.startswith("not recorded: VOX_BENCHMARK_TELEMETRY is '0'")
    document = json.loads(run_cli(PROGRAM, *RECORD, report, "--json", env=env, cwd=tmp_path).out)
    assert (document["recorded"], document["rows"]) == (False, 0)
    assert not (tmp_path / "store").exists()
