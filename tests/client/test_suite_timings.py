import pytest

from vox_telemetry_client.suite_timings import Case, CaseOutcome, SuiteTimings
from vox_telemetry_client.timing_names import Place

PASSED, FAILED = CaseOutcome.PASSED, CaseOutcome.FAILED
SKIPPED, ERROR = CaseOutcome.SKIPPED, CaseOutcome.ERROR
OWN = Place("m.f", ("m",))


def suite(*cases: Case, place: Place = OWN) -> SuiteTimings:
    found = SuiteTimings()
    for case in cases:
        found.add(place, case)
    return found


def test_cases_of_a_function_are_summed_up() -> None:
    timings = suite(
        Case(PASSED, 1.5, 0.25, 0.125, reruns=1),
        Case(PASSED, 3.0, 0.25, None),
        Case(SKIPPED, None, 0.5),
    )
    assert list(timings.named(lambda _: True).rows("pytest")) == [
        (
            "m.f",
            4.5,
            {
                "reporter": "pytest",
                "outcome": "passed",
                "cases": 3,
                "reruns": 1,
                "skipped": 1,
                "passed": 2,
                "failed": 0,
                "error": 0,
                "max_seconds": 3.0,
                "setup_seconds": 1.0,
                "teardown_seconds": 0.125,
            },
        )
    ]


@pytest.mark.parametrize(
    ("outcomes", "worst"),
    [
        ([SKIPPED, SKIPPED], "skipped"),
        ([PASSED, SKIPPED], "passed"),
        ([FAILED, PASSED, SKIPPED], "failed"),
        ([FAILED, ERROR, PASSED], "error"),
    ],
)
def test_the_worst_outcome_is_told(outcomes: list[CaseOutcome], worst: str) -> None:
    [(_, value, details)] = suite(*map(Case, outcomes)).named(lambda _: True).rows("x")
    assert (value, details["outcome"]) == (None, worst)


def test_a_name_that_may_not_be_sent_counts_for_what_it_lies_in() -> None:
    timings = suite(Case(PASSED, 1.0), Case(PASSED, 2.0))
    timings.add(Place("m.g", ("m",)), Case(FAILED, 5.0))
    timings.add(Place("m.h", ("m",)), Case(PASSED, 0.5))
    named = timings.named(lambda name: name not in {"m.f", "m.g"})
    assert [
        (name, value, details["cases"], details["max_seconds"])
        for name, value, details in named.rows("x")
    ] == [
        ("m", 8.0, 3, 5.0),
        ("m.h", 0.5, 1, 0.5),
    ]
    assert (named.around, named.nameless, timings.cases) == (3, 0, 4)


def test_a_case_without_any_name_is_counted_and_left_out() -> None:
    named = suite(Case(PASSED, 1.0), place=Place(None, ())).named(lambda _: True)
    assert (list(named.rows("x")), named.around, named.nameless) == ([], 0, 1)


def test_a_piece_that_may_not_be_sent_is_not_hidden_by_what_it_is_joined_to() -> None:
    place = Place("v1.10.1.2.3", ("v1",), ("10.1.2.3",))
    named = suite(Case(PASSED, 1.0), place=place).named(lambda name: name != "10.1.2.3")
    assert list(named.functions) == ["v1"]


def test_seconds_are_told_to_the_microsecond() -> None:
    [(_, value, details)] = (
        suite(Case(PASSED, 0.1), Case(PASSED, 0.2)).named(lambda _: True).rows("x")
    )
    assert (value, details["max_seconds"]) == (0.3, 0.2)
