"""A figure says what was measured: medians, ratios of the same round, and whether a target is met."""

import importlib
from types import ModuleType

import pytest

from support.events import REPOSITORY


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(REPOSITORY / "benchmarks"))
    return importlib.import_module("figures")


def test_the_median_of_the_rounds_counts(figures: ModuleType) -> None:
    figure = figures.Figure("ingest", "accepted", "events/s", [10.0, 1000.0, 30.0])
    assert figure.value == 30.0
    assert figure.ratios == []
    assert figure.is_met is None


def test_a_ratio_is_taken_within_each_round_and_then_the_median(figures: ModuleType) -> None:
    # The medians are 40 and 100, whose ratio of 0.4 no round had.
    reference = figures.Reference("raw COPY", [20.0, 100.0, 200.0])
    figure = figures.Figure("ingest", "accepted", "events/s", [10.0, 80.0, 40.0], reference)
    assert figure.ratios == [0.5, 0.8, 0.2]
    assert figure.compared == 0.5


def test_a_reference_has_as_many_rounds(figures: ModuleType) -> None:
    reference = figures.Reference("raw COPY", [1.0])
    with pytest.raises(ValueError, match="zip"):
        _ = figures.Figure("ingest", "accepted", "events/s", [1.0, 2.0], reference).ratios


@pytest.mark.parametrize(
    ("bound", "target", "is_met"),
    [
        ("AT_LEAST", 0.5, True),
        ("AT_LEAST", 0.51, False),
        ("AT_MOST", 0.5, True),
        ("AT_MOST", 0.49, False),
    ],
)
def test_a_target_is_of_the_ratio(
    figures: ModuleType, bound: str, target: float, is_met: bool
) -> None:
    asked = figures.Target(figures.Bound[bound], target)
    reference = figures.Reference("raw COPY", [200.0])
    figure = figures.Figure("ingest", "accepted", "events/s", [100.0], reference, asked)
    assert figure.is_met is is_met


def test_a_target_is_of_the_figure_where_there_is_no_reference(figures: ModuleType) -> None:
    asked = figures.Target(figures.Bound.AT_MOST, 150.0)
    assert figures.Figure("memory", "worker", "MB", [149.0, 151.0, 120.0], None, asked).is_met
    assert not figures.Figure("memory", "worker", "MB", [149.0, 151.0, 152.0], None, asked).is_met


def test_the_document_keeps_every_round(figures: ModuleType) -> None:
    asked = figures.Target(figures.Bound.AT_LEAST, 0.8)
    reference = figures.Reference("raw COPY", [100.0, 200.0])
    figure = figures.Figure("ingest", "accepted", "events/s", [50.0, 150.0], reference, asked)
    assert figure.document() == {
        "line": "ingest",
        "what": "accepted",
        "unit": "events/s",
        "value": 100.0,
        "values": [50.0, 150.0],
        "reference": {"what": "raw COPY", "values": [100.0, 200.0]},
        "ratio": 0.625,
        "ratios": [0.5, 0.75],
        "target": "≥ 0.8",
        "met": False,
    }


def test_a_line_shows_ratio_spread_target_and_verdict(
    figures: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = figures.Target(figures.Bound.AT_LEAST, 0.8)
    reference = figures.Reference("raw COPY", [100.0, 200.0])
    figures.print_result(
        figures.Figure("ingest", "accepted", "events/s", [50.0, 150.0], reference, asked)
    )
    assert capsys.readouterr().out.split() == [
        *("ingest", "accepted", "100.0", "events/s", "150.0", "0.62"),
        *("0.50", "…", "0.75", "≥", "0.8", "NOT", "MET"),
    ]


def test_what_was_skipped_is_printed_with_its_reason(
    figures: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    figures.print_result(figures.Skipped("peers", "InfluxDB", "no influxd in PATH"))
    assert capsys.readouterr().out.split(maxsplit=2) == [
        "peers",
        "InfluxDB",
        "SKIPPED: no influxd in PATH\n",
    ]
