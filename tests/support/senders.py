"""Clients that upload batch after batch, each repeated until it has its receipt."""

import asyncio
import hashlib
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx

from support.events import benchmark_event
from support.uploads import Upload, new_batch_id, new_key, payload_of
from vox_telemetry_sink.database import connected_pool
from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_spec.keys import SigningKey

STORED, HELD, REFUSED, AWAY = 201, 200, 422, 503
NO_ANSWER = 0
PAUSE_AFTER_FAILURE_S = 0.1
ANSWERED_WITHIN_S = 30.0
REPEATED_EVERY = 10  # each tenth batch is sent again after its receipt
SPOILT_EVERY = 25  # and a batch that breaks the contract follows each 25th


@dataclass
class Ledger:
    """What clients know: each receipt by its batch id, each answer, how long each took."""

    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    digests: dict[str, str] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    other_answers: list[str] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)
    changed_receipts: int = 0

    def take(self, upload: Upload, answer: httpx.Response, took_s: float) -> None:
        """Count an answer and keep its receipt."""
        self.answers[answer.status_code] += 1
        self.latencies_s.append(took_s)
        if answer.status_code in (STORED, HELD):
            receipt = answer.json()
            self.changed_receipts += self.receipts.get(upload.batch_id, receipt) != receipt
            self.receipts[upload.batch_id] = receipt
        elif answer.status_code not in (REFUSED, AWAY):
            self.other_answers.append(f"{answer.status_code} {answer.text}")

    def answers_by_name(self) -> dict[str, str]:
        """Give the lines of a report that count the answers."""
        named = {
            "201 stored": STORED,
            "200 duplicate": HELD,
            "422 rejected": REFUSED,
            "503 put off": AWAY,
            "no answer": NO_ANSWER,
        }
        return {f"  {name}": f"{self.answers[status]}" for name, status in named.items()}


class Senders:
    """So many clients, each with one connection and its own key; run until `stop` is called."""

    def __init__(self, url: str, keys: list[SigningKey], *, events: int = 3) -> None:
        self.ledger = Ledger()
        self._url = url
        self._keys = keys
        self._events = events
        self._stopping = False

    def stop(self) -> None:
        """Let each client end once its present batch has its receipt."""
        self._stopping = True

    async def run(self) -> None:
        await asyncio.gather(*map(self._send_on, self._keys))

    async def _send_on(self, key: SigningKey) -> None:
        number = 0
        async with httpx.AsyncClient(
            base_url=self._url, trust_env=False, timeout=ANSWERED_WITHIN_S
        ) as client:
            while not self._stopping:
                number += 1
                upload = self._made(key)
                await self._until_receipt(client, upload)
                if number % REPEATED_EVERY == 0:
                    await self.attempt(client, upload)
                if number % SPOILT_EVERY == 0:
                    await self.attempt(client, self._made(key, session_id="not allowed"))

    async def _until_receipt(self, client: httpx.AsyncClient, upload: Upload) -> None:
        self.ledger.sent.add(upload.batch_id)
        self.ledger.digests[upload.batch_id] = hashlib.sha256(upload.payload).hexdigest()
        while upload.batch_id not in self.ledger.receipts:
            if await self.attempt(client, upload) not in (STORED, HELD):
                await asyncio.sleep(PAUSE_AFTER_FAILURE_S)

    async def attempt(self, client: httpx.AsyncClient, upload: Upload) -> int:
        """Send once; give the status, or NO_ANSWER."""
        began_s = time.monotonic()
        try:
            answer = await upload.post(client)
        except httpx.TransportError:
            self.ledger.answers[NO_ANSWER] += 1
            return NO_ANSWER
        self.ledger.take(upload, answer, time.monotonic() - began_s)
        return answer.status_code

    def _made(self, key: SigningKey, **changes: Any) -> Upload:
        batch_id = new_batch_id()
        events = [benchmark_event(metric_value=n / 8, **changes) for n in range(self._events)]
        return Upload(
            key=key,
            batch_id=batch_id,
            payload=payload_of(*events, batch_id=batch_id),
            authority=urlsplit(self._url).netloc,
        )


async def enrolled_keys(database_url: str, count: int) -> list[SigningKey]:
    """Make and enrol so many keys."""
    keys = [new_key() for _ in range(count)]
    async with connected_pool(database_url) as pool:
        for number, key in enumerate(keys):
            grant = KeyGrant(f"sender {number}")
            await KeyStore(pool).add(key.public, grant, now=datetime.now(UTC))
    return keys


async def assert_the_database_holds(database_url: str, ledger: Ledger) -> None:
    """Compare what clients were told with what is stored, one by one."""
    connection = await asyncpg.connect(database_url)
    try:
        batches = await connection.fetch("SELECT batch_id::text, payload_sha256 FROM batch")
        counts = await connection.fetch(
            "SELECT batch_id::text, count(*), count(DISTINCT event_index), max(event_index) + 1"
            " FROM event GROUP BY batch_id"
        )
    finally:
        await connection.close()
    stored = {batch_id: sha256.hex() for batch_id, sha256 in batches}
    lost = ledger.receipts.keys() - stored.keys()
    assert not lost, f"{len(lost)} receipts were given for batches that are not stored"
    assert stored.keys() <= ledger.sent, "a batch is stored that nobody sent"
    assert stored == {batch_id: ledger.digests[batch_id] for batch_id in stored}
    rows = {batch_id: tuple(figures) for batch_id, *figures in counts}
    assert rows.keys() == stored.keys(), "a batch without events, or events without a batch"
    for batch_id, receipt in ledger.receipts.items():
        expected = receipt["event_count"]
        assert rows[batch_id] == (expected,) * 3, "an event is missing or twice"
        assert receipt["payload_sha256"] == stored[batch_id]
    assert ledger.changed_receipts == 0, "a repetition got another receipt"
    assert ledger.other_answers == []


async def says_whether_it_holds(database_url: str, ledger: Ledger) -> bool:
    """Compare them for a report, and print what differs."""
    try:
        await assert_the_database_holds(database_url, ledger)
    except AssertionError as exc:
        print(exc)
        return False
    return True
