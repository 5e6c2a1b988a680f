"""Batches on which the sink fails: which are tried last, and when one is at fault itself. Pure."""

from collections.abc import Mapping

from vox_telemetry_client.limits import (
    FAILED_ALONE_MAX_COUNTED,
    FAILED_ALONE_MAX_RUNS,
    FAILING_MAX_BATCHES,
)


class Failing:
    """What one run learns of them; `runs` is what earlier runs have counted, by batch id.

    A batch fails alone in a run when all attempts at it fail while the sink takes another one. One
    that failed stands at the end of the next run, so that it keeps no other waiting.
    """

    def __init__(self, runs: Mapping[str, int]) -> None:
        """Begin a run."""
        self._runs = dict(runs)
        self._counted: set[str] = set()
        self._in_a_row = 0
        self._took_one = False

    def failed_before(self, batch_id: str) -> bool:
        """Tell whether a batch is to be tried after the others."""
        return batch_id in self._runs

    @property
    def took_one(self) -> bool:
        """Whether the sink has taken a batch in this run."""
        return self._took_one

    @property
    def probing(self) -> bool:
        """Whether the batch before this one failed, so that one attempt shows who is at fault."""
        return self._in_a_row > 0

    @property
    def sink_is_down(self) -> bool:
        """Whether so many batches in a row have failed that it cannot be theirs."""
        return self._in_a_row >= FAILING_MAX_BATCHES

    def answered(self, batch_id: str, *, taken: bool) -> None:
        """Note that the sink has decided on a batch, whatever it decided."""
        self._runs.pop(batch_id, None)
        self._in_a_row = 0
        self._took_one |= taken

    def failed(self, batch_id: str) -> bool:
        """Note that it has failed; True when it is to be set aside."""
        tried_fully = not self.probing
        self._in_a_row += 1
        runs = self._runs.setdefault(batch_id, 0)
        if not tried_fully:
            return False
        if self._took_one and runs + 1 >= FAILED_ALONE_MAX_RUNS:
            del self._runs[batch_id]
            return True
        self._counted.add(batch_id)
        return False

    def runs(self) -> dict[str, int]:
        """Return what the next run is to know."""
        alone = self._counted if self._took_one else set()
        counted = {one: runs + (one in alone) for one, runs in self._runs.items()}
        return dict(list(counted.items())[-FAILED_ALONE_MAX_COUNTED:])
