"""How often may a key upload, or strangers enrol? A token bucket each; pure, time comes in.

Each worker process counts for itself: with N workers a key may send up to N times the rate. A
shared count would put a database round trip before each refusal, the opposite of protection.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass

from vox_telemetry_spec.limits import KEY_CACHE_MAX_KEYS


@dataclass(frozen=True)
class Permit:
    """Whether one request may pass, and what to tell the sender."""

    allowed: bool
    remaining: int
    retry_after_s: int
    policy: str
    policy_name: str

    @property
    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers-09."""
        return {
            "ratelimit-policy": self.policy,
            "ratelimit": f'"{self.policy_name}";r={self.remaining};t={self.retry_after_s}',
        }


class Limiter:
    """One bucket a key, the least recently used forgotten first: by then it is full again."""

    def __init__(self, *, rate_per_s: float, burst: int, policy_name: str = "key") -> None:
        """Allow `burst` at once and `rate_per_s` in the long run; headers name the policy."""
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._policy_name = policy_name
        self._policy = f'"{policy_name}";q={burst};w={math.ceil(burst / rate_per_s)}'
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key_id: str, *, now_s: float) -> Permit:
        """Take one token if there is one; `now_s` is monotonic."""
        tokens, since_s = self._buckets.pop(key_id, (float(self._burst), now_s))
        tokens = min(self._burst, tokens + max(0.0, now_s - since_s) * self._rate_per_s)
        allowed = tokens >= 1
        if allowed:
            tokens -= 1
        self._buckets[key_id] = (tokens, now_s)
        while len(self._buckets) > KEY_CACHE_MAX_KEYS:
            self._buckets.popitem(last=False)
        missing = max(0.0, 1 - tokens)
        wait_s = math.ceil(missing / self._rate_per_s)
        return Permit(allowed, int(tokens), wait_s, self._policy, self._policy_name)
