"""The client's own rate limit (wire 9): a token bucket. Pure; time comes in as an argument."""

from vox_telemetry_spec.limits import RATE_BURST, RATE_PER_S


class TokenBucket:
    """`burst` requests at once, then `rate_per_s`."""

    def __init__(self, rate_per_s: float = RATE_PER_S, burst: int = RATE_BURST) -> None:
        """Start full."""
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._tokens = float(burst)
        self._at_s: float | None = None

    def take(self, now_s: float) -> float:
        """Take one token and return the seconds to wait before it may be used."""
        if self._at_s is not None:
            # A clock set back refills nothing.
            passed_s = max(0.0, now_s - self._at_s)
            self._tokens = min(self._burst, self._tokens + passed_s * self._rate_per_s)
        self._at_s = now_s
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate_per_s)
