"""Recent means of what a worker counts since it began; the clock is given."""

from collections import deque
from typing import NamedTuple

from vox_telemetry_sink.metrics_load import Load
from vox_telemetry_spec.limits import CONSOLE_LIVE_RECENT_S


class Shown(NamedTuple):
    """The load as the page has it; a mean is None while nothing was counted."""

    load: Load
    commit_s: float | None
    check_s: float | None
    over_s: float | None  # None: since the sink began


class RecentLoad:
    """Remembers readings of one worker for CONSOLE_LIVE_RECENT_S, at most one a second."""

    def __init__(self) -> None:
        """Begin with no reading."""
        self._readings: deque[tuple[float, Load]] = deque()

    def shown(self, load: Load, now_s: float) -> Shown:
        """Return the load with the means since the oldest remembered reading."""
        while self._readings and now_s - self._readings[0][0] > CONSOLE_LIVE_RECENT_S:
            self._readings.popleft()
        if not self._readings or now_s - self._readings[-1][0] >= 1:
            self._readings.append((now_s, load))
        since_s, first = self._readings[0]
        commits, checks = load.commits - first.commits, load.checks - first.checks
        if since_s == now_s or commits + checks == 0:
            return Shown(
                load, _mean(load.commits_s, load.commits), _mean(load.checks_s, load.checks), None
            )
        return Shown(
            load,
            _mean(load.commits_s - first.commits_s, commits),
            _mean(load.checks_s - first.checks_s, checks),
            now_s - since_s,
        )


def _mean(total_s: float, count: int) -> float | None:
    return total_s / count if count > 0 else None
