"""Unpack and enforce beside the event loop, so that no sender can hold up everybody else.

Usual batches are checked where they are: a thread would unpack them a second time and wait for the
loop's interpreter lock. Larger ones go to a few threads, CHECKS_PER_KEY_MAX_COUNT of one key at a
time; the rest wait. What waits is bounded by CONNECTIONS_MAX_COUNT and holds its coded body only.

What is usual is quick; what is made to be slow can be slow at a small size as well. So a key whose
check held the loop up for more than CHECK_INLINE_MAX_S goes to the threads for CHECK_BESIDE_S with
all that it sends.
"""

import asyncio
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Self
from weakref import WeakValueDictionary

from vox_telemetry_sink.enforce import Accepted, enforce
from vox_telemetry_sink.metrics import CHECK_SECONDS
from vox_telemetry_sink.unpack import unpack, unpack_small
from vox_telemetry_sink.verify import Verified
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.limits import (
    CHECK_BESIDE_S,
    CHECK_INLINE_MAX_BYTES,
    CHECK_INLINE_MAX_S,
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
        self._slow_until_s: dict[str, float] = {}  # at most the enrolled keys

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
        key_id = verified.key.public.key_id
        is_small = len(verified.received.coded_body) <= CHECK_INLINE_MAX_BYTES
        if is_small and not self._is_slow(key_id):
            payload = unpack_small(verified, CHECK_INLINE_MAX_BYTES)
            if payload is not None:
                with self._watched(key_id), CHECK_SECONDS.time():
                    return enforce(verified, payload, self._checker, now=now)
        turns = self._turns.get(key_id)
        if turns is None:
            turns = self._turns[key_id] = asyncio.Semaphore(CHECKS_PER_KEY_MAX_COUNT)
        async with turns:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._check, verified, now)

    def _is_slow(self, key_id: str) -> bool:
        return self._slow_until_s.get(key_id, -math.inf) > time.monotonic()

    @contextmanager
    def _watched(self, key_id: str) -> Iterator[None]:
        """Remember a key whose check, refused or not, took too long for the loop."""
        # The thread's own processor time would be fairer on a busy machine, and is a system call.
        began_s = time.monotonic()
        try:
            yield
        finally:
            if time.monotonic() - began_s > CHECK_INLINE_MAX_S:
                self._slow_until_s[key_id] = time.monotonic() + CHECK_BESIDE_S

    def _check(self, verified: Verified, now: datetime) -> Accepted:
        with CHECK_SECONDS.time():
            return enforce(verified, unpack(verified), self._checker, now=now)
