"""What an upload did, batch by batch: all are counted, the first are listed. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from vox_telemetry_client.errors import EXIT_DONE, EXIT_KEPT_OR_REFUSED, TelemetryError
from vox_telemetry_client.limits import LISTED_MAX_BATCHES
from vox_telemetry_spec.problems import Problem


class Result(StrEnum):
    """How it ended for one batch; `--json` prints these words."""

    ACKNOWLEDGED = "acknowledged"  # stored now, local copy deleted
    DUPLICATE = "duplicate"  # stored before, local copy deleted
    KEPT = "kept"  # still pending
    SET_ASIDE = "set_aside"  # in rejected/, for a person to look at
    SPLIT = "split"  # replaced by halves, which have outcomes of their own


@dataclass(frozen=True)
class Outcome:
    """One batch; `attempts` counts requests, `problem` is why it was not acknowledged."""

    batch_id: str
    result: Result
    attempts: int = 0
    events: int = 0
    problem: Problem | None = None


@dataclass
class Report:
    """One run; `stopped` is why it ended before the last batch, by which type of problem if by one.

    `outcomes` lists LISTED_MAX_BATCHES of each result at most, the first ones; the journal has all.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    counted: Counter[Result] = field(default_factory=Counter)
    untried: int = 0
    stopped: str | None = None
    stopped_by: str = ""
    error: TelemetryError | None = None
    clock_offset_s: float | None = None
    foreign: list[str] = field(default_factory=list)  # names that lay in pending/ and are no batch

    @property
    def totals(self) -> dict[str, int]:
        """Count the batches by result."""
        return {result.value: self.counted[result] for result in Result}

    @property
    def not_listed(self) -> int:
        """Return how many batches are counted only."""
        return self.counted.total() - len(self.outcomes)

    @property
    def exit_code(self) -> int:
        """Return the command's exit code."""
        if self.error is not None and self.error.exit_code != EXIT_DONE:
            return self.error.exit_code
        # What a limit of the operator's own left over was not kept by any trouble.
        kept = self.counted[Result.KEPT] - (0 if self.error is None else self.untried)
        if kept or self.counted[Result.SET_ASIDE]:
            return EXIT_KEPT_OR_REFUSED
        return EXIT_DONE

    @property
    def took_one(self) -> bool:
        """Whether the sink holds at least one batch of this run."""
        return bool(self.counted[Result.ACKNOWLEDGED] or self.counted[Result.DUPLICATE])

    def add(self, outcome: Outcome) -> None:
        """Count a batch, and list it if it is one of the first."""
        self.counted[outcome.result] += 1
        if self.counted[outcome.result] <= LISTED_MAX_BATCHES:
            self.outcomes.append(outcome)

    def keep(self, batch_ids: Iterable[str], others: int = 0) -> None:
        """Add batches that were not tried, by id, and so many more."""
        for batch_id in batch_ids:
            self.add(Outcome(batch_id, Result.KEPT))
            self.untried += 1
        self.counted[Result.KEPT] += others
        self.untried += others
