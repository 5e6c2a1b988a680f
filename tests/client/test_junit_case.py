import pytest

from vox_telemetry_client.junit_case import CaseElement, Suite, seconds_of
from vox_telemetry_client.suite_timings import Case, CaseOutcome


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0.123", 0.123), ("12", 12.0), (".5", 0.5), ("3.", 3.0), ("1e-3", 0.001), ("0", 0.0),
        ("1,234.5", 1234.5), ("12,345,678.25", 12_345_678.25), ("1,234", 1234.0),
        ("0,123", 0.123), ("12,5", 12.5), ("1234,567", 1234.567),
        ("", None), ("-1", None), ("nan", None), ("inf", None), ("0x10", None), ("1.2.3", None),
        ("1,23,456.0", None), ("canary", None), ("1" * 16, None), ("1e999", None), ("\u0661", None),
    ],
)  # fmt: skip
def test_the_seconds_of_many_tools(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("children", "outcome", "reruns"),
    [
        ([], "passed", 0),
        (["system-out", "properties"], "passed", 0),
        (["failure"], "failed", 0),
        (["error", "failure"], "error", 0),
        (["failure", "error"], "failed", 0),
        (["skipped"], "skipped", 0),
        (["flakyFailure", "flakyError"], "passed", 2),
        (["failure", "rerunFailure"], "failed", 1),
    ],
)
def test_what_became_of_it_is_said_by_its_children(
    children: list[str], outcome: str, reruns: int
) -> None:
    element = CaseElement.of({"name": "f", "time": "1"}, [])
    for child in children:
        element = element.with_child(child)
    assert (element.case().outcome, element.case().reruns) == (outcome, reruns)


@pytest.mark.parametrize("status", ["notrun", "disabled", "Skipped", "ignored"])
def test_a_status_of_not_run_is_skipped_and_its_time_says_nothing(status: str) -> None:
    element = CaseElement.of({"name": "f", "time": "0", "status": status}, [])
    assert element.case() == Case(CaseOutcome.SKIPPED, None)


def test_a_missing_time_is_not_an_odd_one() -> None:
    missing, odd = (CaseElement.of({"name": "f", "time": text}, []) for text in (" ", "soon"))
    assert (missing.seconds, missing.time_refused) == (None, False)
    assert (odd.seconds, odd.time_refused) == (None, True)


def test_it_lies_in_its_class_else_its_file_else_the_suites_from_within() -> None:
    suites = [
        Suite.of({"name": "outer"}),
        Suite.of({"name": "two words", "file": "src/in.js", "hostname": "canary"}),
    ]
    inner = CaseElement.of({"name": "f", "classname": "two words"}, suites)
    assert inner.place.names == ("src.in.js.f", "src.in.js", "outer")
    own = CaseElement.of({"name": "f", "classname": "a.B", "file": "/abs/b.py"}, suites)
    assert own.place.names == ("a.B.f", "a.B", "src.in.js", "outer")


def test_of_a_suite_no_long_text_is_held() -> None:
    assert Suite.of({"name": "x" * 1_025, "file": "x" * 1_024}) == ("x" * 1_024, "")
