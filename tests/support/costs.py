"""What a call costs the processor, to be compared with another call of the same round."""

import time
from collections.abc import Callable


def cost_s(call: Callable[[], object]) -> float:
    """Give the processor's seconds of the cheapest of three calls: others disturb it least."""
    return min(_once(call) for _ in range(3))


def _once(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began
