import pytest

from vox_telemetry_client.errors import SwitchedOffError
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
    report = Report([Outcome(str(number), result) for number, result in enumerate(results)])
    assert report.exit_code == code
    assert sum(report.totals.values()) == len(results)


def test_an_error_gives_its_own_code() -> None:
    assert Report(error=SwitchedOffError("off")).exit_code == 3


def test_batches_that_were_not_tried_are_kept() -> None:
    report = Report()
    report.keep(["a", "b"])
    assert report.outcomes == [Outcome("a", Result.KEPT), Outcome("b", Result.KEPT)]
