"""How often one batch is tried, and how long between: tenacity's door, the only file to import it.

What the sink asks for comes first, else exponential pauses with full jitter, up to a number of
attempts and a time.
"""

from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_result

from vox_telemetry_client.delivery import Verdict
from vox_telemetry_client.failing import Failing
from vox_telemetry_client.limits import (
    BACKOFF_BASE_S,
    BACKOFF_MAX_S,
    BATCH_MAX_ATTEMPTS,
    BATCH_RETRY_MAX_S,
)
from vox_telemetry_spec.problems import Duty


class Patience:
    """What a run has with each of its batches."""

    def __init__(
        self, failing: Failing, random: Callable[[], float], wait: Callable[[float, str], None]
    ) -> None:
        """Take who fails, a number of [0, 1) for the jitter, and what waits and says why."""
        self._failing = failing
        self._random = random
        self._retrying = Retrying(
            retry=retry_if_result(lambda verdict: verdict.duty is Duty.RETRY),
            wait=self._pause_s,
            stop=self._is_enough,
            sleep=lambda pause_s: wait(pause_s, "the sink does not take the batch yet"),
            retry_error_callback=_last,
        )

    def attempt(self, once: Callable[[], Verdict]) -> Verdict:
        """Make attempts until one asks for something else than RETRY, or it is enough."""
        return self._retrying(once)

    def _pause_s(self, state: RetryCallState) -> float:
        """Return what the sink asked for, else an exponential pause with full jitter."""
        asked_s = _last(state).retry_after_s
        if asked_s is not None:
            return asked_s
        ceiling_s = min(BACKOFF_MAX_S, BACKOFF_BASE_S * 2 ** (state.attempt_number - 1))
        return self._random() * float(ceiling_s)

    def _is_enough(self, state: RetryCallState) -> bool:
        waited_s = state.idle_for + state.upcoming_sleep
        attempts = 1 if self._failing.probing else BATCH_MAX_ATTEMPTS
        return state.attempt_number >= attempts or waited_s > BATCH_RETRY_MAX_S


def _last(state: RetryCallState) -> Verdict:
    """Return the verdict of the attempt just made."""
    if state.outcome is None:
        raise RuntimeError("tenacity asked for a verdict before the first attempt")
    verdict: Verdict = state.outcome.result()
    return verdict
