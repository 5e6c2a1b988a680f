"""One tiny round, so that the benchmark cannot rot."""

from importlib import import_module
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_each_line_is_measured_against_json_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    contract = import_module("contract")
    monkeypatch.setattr(contract, "CALLS", 1)
    figures = list(contract.measure(1))
    assert [figure.what for figure in figures if figure.target] == [
        "strict decode",
        "validate + scan",
        "validate + scan, fresh ids",
    ]
    assert all(figure.value > 0 and figure.ratios for figure in figures)
