"""What one run may use: so many batches, bytes and seconds. Pure; time comes in as an argument."""

from dataclasses import dataclass
from datetime import datetime

from vox_telemetry_client.counting import n_batches
from vox_telemetry_client.errors import RunLimitError


@dataclass(frozen=True)
class RunLimits:
    """None means no limit; `max_bytes` counts bodies, also those of repeated attempts."""

    max_batches: int | None = None
    max_bytes: int | None = None
    max_seconds: float | None = None


NO_LIMITS = RunLimits()


class Allowance:
    """What is left of the limits; each method raises before they would be passed."""

    def __init__(self, limits: RunLimits) -> None:
        """Begin with the whole; the time counts from `begin`."""
        self._limits = limits
        self._batches = 0
        self._bytes = 0
        self._began: datetime | None = None

    def begin(self, now: datetime) -> None:
        """Start the time."""
        self._began = now

    def batch(self) -> None:
        """Take one batch.

        Raises:
            RunLimitError: no other may be tried.

        """
        limit = self._limits.max_batches
        if limit is not None and self._batches >= limit:
            raise RunLimitError(f"the limit of {n_batches(limit)} for this run is reached")
        self._batches += 1

    def request(self, size_bytes: int, now: datetime) -> None:
        """Take one request with so long a body.

        Raises:
            RunLimitError: it would send more than is allowed, or the time is over.

        """
        limit = self._limits.max_bytes
        if limit is not None and self._bytes + size_bytes > limit:
            raise RunLimitError(
                f"the limit of {limit} bytes for this run is reached: {self._bytes} were sent and "
                f"the next batch has {size_bytes}"
            )
        self.pause(0.0, now)
        self._bytes += size_bytes

    def pause(self, wait_s: float, now: datetime) -> None:
        """Allow a pause.

        Raises:
            RunLimitError: the time is over before its end.

        """
        limit = self._limits.max_seconds
        if limit is None or self._began is None:
            return
        if (now - self._began).total_seconds() + wait_s >= limit:
            raise RunLimitError(f"the limit of {limit:g} seconds for this run is reached")
