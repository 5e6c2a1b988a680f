"""Which key is enrolled: the registry with a short cache.

That a key is enrolled, approved, rotated or revoked reaches every worker within 2 x
KEY_CACHE_AGE_S (2 s): that is how long an answer is believed, found or not, plus the time of one
look at the database. That a validity begins or ends needs no look: it is compared with the clock at
each request.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable

from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_sink.verify import EnrolledKey
from vox_telemetry_spec.limits import KEY_CACHE_AGE_S, KEY_CACHE_MAX_KEYS

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")  # RFC 7638 with SHA-256, in base64url


class KeyRegistry:
    """Looks keys up for one worker."""

    def __init__(self, store: KeyStore, *, clock: Callable[[], float]) -> None:
        """`clock` is monotonic, in seconds."""
        self._store = store
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, EnrolledKey | None]] = OrderedDict()
        self._looks: dict[str, asyncio.Task[EnrolledKey | None]] = {}

    async def find(self, key_id: str) -> EnrolledKey | None:
        """Return the key, good or not, or None.

        Raises:
            StoreUnavailableError: the database does not answer and nothing fresh is remembered.

        """
        if _THUMBPRINT.fullmatch(key_id) is None:
            return None  # such a text is no key id; the database is not asked
        now_s = self._clock()
        since_s, key = self._known.get(key_id, (float("-inf"), None))
        if now_s - since_s <= KEY_CACHE_AGE_S:
            return key
        look = self._looks.get(key_id)
        if look is None:
            look = self._looks[key_id] = asyncio.create_task(self._look(key_id, now_s))
            look.add_done_callback(lambda done: self._finish(key_id, done))
        return await asyncio.shield(look)  # a sender that leaves does not take the others' answer

    def forget(self, key_id: str) -> None:
        """Believe nothing that was learnt of a key so far: it was changed here, just now."""
        self._known.pop(key_id, None)
        self._looks.pop(key_id, None)  # its answer may be from before the change

    async def _look(self, key_id: str, now_s: float) -> EnrolledKey | None:
        """Ask the database, once for all who wait for the answer."""
        key = await self._store.find(key_id)
        if self._looks.get(key_id) is asyncio.current_task():
            self._remember(key_id, now_s, key)
        return key

    def _finish(self, key_id: str, done: asyncio.Task[EnrolledKey | None]) -> None:
        if self._looks.get(key_id) is done:
            del self._looks[key_id]

    def _remember(self, key_id: str, since_s: float, key: EnrolledKey | None) -> None:
        """Keep an answer, dated by the question; the oldest goes first when there are too many."""
        self._known.pop(key_id, None)
        self._known[key_id] = (since_s, key)
        while len(self._known) > KEY_CACHE_MAX_KEYS:
            self._known.popitem(last=False)
