import pytest

from vox_telemetry_client.errors import SwitchedOffError
from vox_telemetry_client.limits import LISTED_MAX_BATCHES
from vox_telemetry_client.report import Outcome, Report, Result


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([], 0),
        ([Result.ACKNOWLEDGED, Result.DUPLICATE, Result.SPLIT], 0),
        ([Result.ACKNOWLEDGED, Result.KEPT], 1),
        ([Result.SET_ASIDE], 1),
    ],
)
def test_the_exit_code_says_whether_anything_is_left(results: list[Result], code: int) -> None:
    report = Report()
    for number, result in enumerate(results):
        report.add(Outcome(str(number), result))
    assert report.exit_code == code
    assert sum(report.totals.values()) == len(results)


@pytest.mark.parametrize(
    ("result", "took"),
    [
        (Result.ACKNOWLEDGED, True),
        (Result.DUPLICATE, True),
        (Result.KEPT, False),
        (Result.SET_ASIDE, False),
        (Result.SPLIT, False),
    ],
)
def test_a_sink_took_one_where_it_holds_one(result: Result, took: bool) -> None:
    report = Report()
    assert not report.took_one
    report.add(Outcome("a", result))
    assert report.took_one is took


def test_an_error_gives_its_own_code() -> None:
    assert Report(error=SwitchedOffError("off")).exit_code == 3


def test_batches_that_were_not_tried_are_kept() -> None:
    report = Report()
    report.keep(["a", "b"])
    assert report.outcomes == [Outcome("a", Result.KEPT), Outcome("b", Result.KEPT)]
    report.keep([], 7)
    assert (report.totals["kept"], report.not_listed) == (9, 7)


def test_all_are_counted_and_the_first_of_each_result_listed() -> None:
    report = Report()
    for number in range(LISTED_MAX_BATCHES + 5):
        report.add(Outcome(f"a{number}", Result.ACKNOWLEDGED))
    report.add(Outcome("b", Result.SET_ASIDE))
    assert report.totals["acknowledged"] == LISTED_MAX_BATCHES + 5
    assert len(report.outcomes) == LISTED_MAX_BATCHES + 1
    assert (report.outcomes[-1].batch_id, report.not_listed) == ("b", 5)
