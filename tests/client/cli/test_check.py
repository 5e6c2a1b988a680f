import json
from pathlib import Path

import pytest

from support.cli import run_cli
from support.events import LANE_EVENTS, benchmark_event

PROGRAM = "vox-telemetry"


def _file(tmp_path: Path, content: object, name: str = "e.json") -> Path:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_good_events_pass(events_file: Path) -> None:
    ran = run_cli(PROGRAM, "check", events_file, "--json")
    assert (ran.code, json.loads(ran.out), ran.err) == (
        0,
        {"events": 5, "accepted": 5, "refused": []},
        "",
    )
    ran = run_cli(PROGRAM, "check", events_file)
    assert (ran.code, ran.out, ran.err) == (0, "5 of 5 events may be sent\n", "")


def test_the_example_of_the_project_passes() -> None:
    ran = run_cli(PROGRAM, "check", LANE_EVENTS, "--json")
    assert (ran.code, json.loads(ran.out)) == (0, {"events": 251, "accepted": 251, "refused": []})


def test_a_refused_event_is_named_without_its_value(tmp_path: Path) -> None:
    events = [benchmark_event(), benchmark_event(details={"lane": "/home/alice/x"})]
    path = _file(tmp_path, events)
    ran = run_cli(PROGRAM, "check", path, "--json")
    document = json.loads(ran.out)
    assert (ran.code, document["events"], document["accepted"]) == (1, 2, 1)
    assert set(document) == {"events", "accepted", "refused"}
    assert all(set(row) == {"event", "pointer", "rule"} for row in document["refused"])
    assert {(row["event"], row["pointer"]) for row in document["refused"]} == {
        (1, "/metadata/details/lane")
    }
    plain = run_cli(PROGRAM, "check", path)
    assert f"refused {path}: event 1: /metadata/details/lane: " in plain.err
    assert "alice" not in ran.out + ran.err + plain.out + plain.err


def test_several_files_are_told_apart(tmp_path: Path, events_file: Path) -> None:
    bad = _file(tmp_path, [7])
    document = json.loads(run_cli(PROGRAM, "check", events_file, bad, "--json").out)
    assert (document["events"], document["accepted"]) == (6, 5)
    assert document["refused"] == [
        {"file": str(bad), "event": 0, "pointer": "", "rule": "contract.type"}
    ]


def test_standard_input() -> None:
    ran = run_cli(PROGRAM, "check", "-", "--json", input=json.dumps(benchmark_event()))
    assert json.loads(ran.out) == {"events": 1, "accepted": 1, "refused": []}


def test_a_screenful_is_shown_and_the_rest_counted(tmp_path: Path) -> None:
    ran = run_cli(PROGRAM, "check", _file(tmp_path, [7] * 30))
    assert ran.err.splitlines()[20:] == ["… and 10 more; --json lists all"]
    assert ran.out == "0 of 30 events may be sent\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("hello", "event 0: the event: json.syntax"),
        ("[]", "holds no events, expected at least one"),
        ("", "holds no events, expected at least one"),
        ("7", "event 0: the event: contract.type"),
        ('{"metric_type":"unheard"}', "event 0: /metric_type: contract.unknown-metric-type"),
    ],
)
@pytest.mark.parametrize("command", ["check", "enqueue"])
def test_bad_input_is_one_clear_line_and_changes_nothing(
    tmp_path: Path, command: str, content: str, said: str
) -> None:
    path = _file(tmp_path, content)
    ran = run_cli(PROGRAM, command, path, cwd=tmp_path)
    assert ran.code == 1
    assert next(line for line in ran.err.splitlines() if str(path) in line).endswith(
        f"{path}: {said}"
    )
    assert "Traceback" not in ran.err
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("command", ["check", "enqueue"])
def test_what_cannot_be_read_is_one_line(tmp_path: Path, command: str) -> None:
    for path in (tmp_path, tmp_path / "gone"):
        ran = run_cli(PROGRAM, command, path, cwd=tmp_path)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
        assert ran.err.startswith(f"vox-telemetry: {path}: ")
        ran = run_cli(PROGRAM, command, path, "--json", cwd=tmp_path)
        assert json.loads(ran.out)["error"]["kind"] == "input-refused"


def test_a_document_that_is_no_json_is_an_error_with_its_rule(tmp_path: Path) -> None:
    ran = run_cli(PROGRAM, "check", _file(tmp_path, '{"a":1,"a":2}'), "--json")
    document = json.loads(ran.out)
    assert (ran.code, document["error"]["kind"]) == (1, "not-json")
    assert document["refused"] == [{"event": 0, "pointer": "/a", "rule": "json.duplicate-name"}]
