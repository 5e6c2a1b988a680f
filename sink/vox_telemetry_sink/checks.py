"""Unpack and enforce beside the event loop, so that no sender can hold up everybody else.

Small batches are checked where they are: a thread would cost more than the check. Larger ones go
to a few threads, CHECKS_PER_KEY_MAX_COUNT of one key at a time; the rest wait. What waits is
bounded by CONNECTIONS_MAX_COUNT and holds its coded body only.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Self
from weakref import WeakValueDictionary

from vox_telemetry_sink.enforce import Accepted, enforce
from vox_telemetry_sink.metrics import CHECK_SECONDS
from vox_telemetry_sink.unpack import unpack
from vox_telemetry_sink.verify import Verified
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.limits import (
    CHECK_INLINE_CODED_MAX_BYTES,
    CHECK_INLINE_MAX_BYTES,
    CHECK_THREADS_MAX_COUNT,
    CHECKS_PER_KEY_MAX_COUNT,
)


class Checks:
    """The threads of one worker and the contract that they check against."""

    def __init__(self, checker: Checker) -> None:
        """Check against `checker`."""
        self._checker = checker
        self._threads = ThreadPoolExecutor(CHECK_THREADS_MAX_COUNT, "check")
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @classmethod
    @contextmanager
    def running(cls, checker: Checker) -> Iterator[Self]:
        """Hold the threads for the length of a block."""
        checks = cls(checker)
        try:
            yield checks
        finally:
            checks._threads.shutdown(cancel_futures=True)

    async def check(self, verified: Verified, *, now: datetime) -> Accepted:
        """Return what `enforce` accepts of what `unpack` makes of the body.

        Raises:
            RefusalError: one of the two refuses it.

        """
        if len(verified.received.coded_body) <= CHECK_INLINE_CODED_MAX_BYTES:
            payload = unpack(verified)
            if len(payload) <= CHECK_INLINE_MAX_BYTES:
                with CHECK_SECONDS.time():
                    return enforce(verified, payload, self._checker, now=now)
        key_id = verified.key.public.key_id
        turns = self._turns.get(key_id)
        if turns is None:
            turns = self._turns[key_id] = asyncio.Semaphore(CHECKS_PER_KEY_MAX_COUNT)
        async with turns:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._check, verified, now)

    def _check(self, verified: Verified, now: datetime) -> Accepted:
        with CHECK_SECONDS.time():
            return enforce(verified, unpack(verified), self._checker, now=now)
