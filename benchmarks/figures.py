"""What a benchmark says: a figure, its reference from the same round, the ratio, and the target.

A machine's speed and its other work cancel out in a ratio whose two sides were measured one right
after the other. The median over the rounds counts; the spread is shown beside it.
"""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple


class Bound(Enum):
    """Which side of a target is the good one."""

    AT_LEAST = "≥"
    AT_MOST = "≤"


class Target(NamedTuple):
    """What issue or operator asks of a ratio, or of the figure itself where it has no reference."""

    bound: Bound
    value: float

    def is_met(self, measured: float) -> bool:
        """Compare."""
        return measured >= self.value if self.bound is Bound.AT_LEAST else measured <= self.value


class Reference(NamedTuple):
    """What a figure is compared with, measured in the same rounds."""

    what: str
    values: Sequence[float]


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        line: the benchmark it belongs to, for example `ingest`.
        what: what was measured, in words.
        unit: of `values` and of the reference's values, for example `events/s`.
        values: one a round.
        reference: what it is compared with, or None where the figure itself has the target.
        target: of the ratio to the reference, or of the figure; None where it only informs.

    """

    line: str
    what: str
    unit: str
    values: Sequence[float]
    reference: Reference | None = None
    target: Target | None = None

    @property
    def value(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.values)

    @property
    def ratios(self) -> list[float]:
        """The figure against its reference, round by round; empty without one."""
        if self.reference is None:
            return []
        return [one / other for one, other in zip(self.values, self.reference.values, strict=True)]

    @property
    def compared(self) -> float:
        """What the target is compared with: the median ratio, or the median figure."""
        return statistics.median(self.ratios or self.values)

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without one."""
        return None if self.target is None else self.target.is_met(self.compared)

    def document(self) -> dict[str, Any]:
        """Return all of it for the JSON file."""
        reference = self.reference
        return {
            "line": self.line,
            "what": self.what,
            "unit": self.unit,
            "value": self.value,
            "values": list(self.values),
            "reference": None if reference is None else reference._asdict(),
            "ratio": statistics.median(self.ratios) if self.ratios else None,
            "ratios": self.ratios,
            "target": None
            if self.target is None
            else f"{self.target.bound.value} {self.target.value:g}",
            "met": self.is_met,
        }


class Skipped(NamedTuple):
    """What could not be measured here, and why: printed, never silent."""

    line: str
    what: str
    reason: str


Result = Figure | Skipped
# A benchmark takes how many rounds to measure, and yields its lines as they are ready.
Benchmark = Callable[[int], Iterable[Result]]

_HEAD: Final = (
    f"{'':14} {'':54} {'measured':>12} {'unit':10} {'reference':>12} {'ratio':>7}  "
    f"{'spread':15} {'target':>8}  met"
)


def print_head() -> None:
    """Print what the columns are."""
    print(_HEAD)


def print_result(result: Result) -> None:
    """Print one line of the table."""
    if isinstance(result, Skipped):
        print(f"{result.line:14} {result.what:54} SKIPPED: {result.reason}")
        return
    spread = result.ratios or result.values
    reference = (
        "" if result.reference is None else f"{statistics.median(result.reference.values):,.1f}"
    )
    ratio = f"{statistics.median(result.ratios):.2f}" if result.ratios else ""
    target = "" if result.target is None else f"{result.target.bound.value} {result.target.value:g}"
    met = {None: "", True: "met", False: "NOT MET"}[result.is_met]
    print(
        f"{result.line:14} {result.what:54} {result.value:12,.1f} {result.unit:10} {reference:>12} "
        f"{ratio:>7}  {f'{min(spread):.2f} … {max(spread):.2f}':15} {target:>8}  {met}",
        flush=True,
    )
