"""What an upload did, batch by batch. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from vox_telemetry_client.errors import EXIT_DONE, EXIT_KEPT_OR_REFUSED, TelemetryError
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
    """One run; `stopped` is why it ended before the last batch."""

    outcomes: list[Outcome] = field(default_factory=list)
    stopped: str | None = None
    error: TelemetryError | None = None
    clock_offset_s: float | None = None

    @property
    def totals(self) -> dict[str, int]:
        """Count the batches by result."""
        counted = Counter(outcome.result for outcome in self.outcomes)
        return {result.value: counted[result] for result in Result}

    @property
    def exit_code(self) -> int:
        """Return the command's exit code."""
        if self.error is not None and self.error.exit_code != EXIT_DONE:
            return self.error.exit_code
        # What a limit of the operator's own left over was not kept by any trouble.
        tried = [one for one in self.outcomes if self.error is None or one.attempts]
        left = {Result.KEPT, Result.SET_ASIDE}
        if any(outcome.result in left for outcome in tried):
            return EXIT_KEPT_OR_REFUSED
        return EXIT_DONE

    def keep(self, batch_ids: Iterable[str]) -> None:
        """Add batches that were not tried."""
        self.outcomes += [Outcome(batch_id, Result.KEPT) for batch_id in batch_ids]
