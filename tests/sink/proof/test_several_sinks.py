"""Two sinks behind one balancer on one Postgres (issue 7 point 5); nothing else is shared."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from support.balancer import Balancer
from support.events import benchmark_event
from support.receipts import of_httpx, verify_with_theirs
from support.senders import (
    ANSWERED_WITHIN_S,
    AWAY,
    HELD,
    NO_ANSWER,
    STORED,
    Senders,
    assert_the_database_holds,
    enrolled_keys,
)
from support.sink_process import SinkProcess, sink_process
from support.uploads import Upload, new_batch_id, payload_of
from support.world import free_port
from vox_telemetry_sink.receipt_key import generate_receipt_key
from vox_telemetry_spec.keys import SigningKey

SENDERS = 4
PHASE_S = 1.0  # both sinks work, then one alone, then both again


@dataclass
class Pair:
    """Two ports for two sinks with the same settings, and what clients call."""

    database_url: str
    ports: tuple[int, int]
    balancer: Balancer
    receipt_key_file: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.balancer.port}"

    @property
    def authority(self) -> str:
        return urlsplit(self.url).netloc

    def sink(self, number: int) -> AbstractContextManager[SinkProcess]:
        return sink_process(
            self.database_url,
            self.ports[number],
            VOX_SINK_PUBLIC_AUTHORITY=self.authority,
            VOX_SINK_RECEIPT_KEY_FILE=str(self.receipt_key_file),
        )

    @contextmanager
    def both(self) -> Iterator[list[SinkProcess]]:
        """Start both at the same time."""
        with ExitStack() as stack, ThreadPoolExecutor() as pool:
            yield list(pool.map(lambda n: stack.enter_context(self.sink(n)), (0, 1)))

    @asynccontextmanager
    async def ways(self) -> AsyncIterator[list[httpx.AsyncClient]]:
        """Give a client of the balancer and one of each sink."""
        async with AsyncExitStack() as stack:
            yield [
                await stack.enter_async_context(
                    httpx.AsyncClient(
                        base_url=f"http://127.0.0.1:{port}",
                        trust_env=False,
                        timeout=ANSWERED_WITHIN_S,
                    )
                )
                for port in (self.balancer.port, *self.ports)
            ]


@pytest.fixture
async def pair(database_url: str, tmp_path: Path) -> AsyncIterator[Pair]:
    ports = (free_port(), free_port())
    async with Balancer(ports).open() as balancer:
        yield Pair(database_url, ports, balancer, tmp_path / "receipt.pem")


class SendersOfAll(Senders):
    """Clients that send each batch by every way at once, again until it has its receipt."""

    def __init__(self, url: str, keys: list[SigningKey], direct: list[httpx.AsyncClient]) -> None:
        super().__init__(url, keys)
        self._direct = direct

    async def _until_receipt(self, client: httpx.AsyncClient, upload: Upload) -> None:
        self.ledger.sent.add(upload.batch_id)
        self.ledger.digests[upload.batch_id] = hashlib.sha256(upload.payload).hexdigest()
        while upload.batch_id not in self.ledger.receipts:
            await asyncio.gather(*(self.attempt(way, upload) for way in (client, *self._direct)))


async def test_two_sinks_that_get_a_batch_at_once_store_it_once_and_give_one_receipt(
    pair: Pair,
) -> None:
    receipt_key = generate_receipt_key(pair.receipt_key_file)
    [key] = await enrolled_keys(pair.database_url, 1)
    with pair.both():
        async with pair.ways() as [balanced, *direct]:
            for _ in range(10):
                one = Upload(key=key, authority=pair.authority)
                answers = [*await asyncio.gather(*map(one.post, direct)), await one.post(balanced)]
                assert sorted(answer.status_code for answer in answers) == [HELD, HELD, STORED]
                assert {answer.content for answer in answers} == {answers[0].content}
                for answer in answers:
                    verify_with_theirs(of_httpx(answer), receipt_key.public)
            batch_id = new_batch_id()
            of_one_id = [
                Upload(
                    key=key,
                    authority=pair.authority,
                    batch_id=batch_id,
                    payload=payload_of(benchmark_event(metric_value=value), batch_id=batch_id),
                )
                for value in (0.5, 1.5)
            ]
            answers = await asyncio.gather(
                *(one.post(client) for one, client in zip(of_one_id, direct, strict=True))
            )
    assert sorted(answer.status_code for answer in answers) == [STORED, 409]


async def test_one_of_two_sinks_is_killed_under_load_and_nothing_is_lost_or_there_twice(
    pair: Pair,
) -> None:
    generate_receipt_key(pair.receipt_key_file)
    keys = await enrolled_keys(pair.database_url, SENDERS)
    async with pair.ways() as [_, *direct]:
        senders = SendersOfAll(pair.url, keys, direct)
        ledger = senders.ledger

        def one_dies_and_comes_back(first: SinkProcess) -> None:
            asyncio.run(asyncio.sleep(PHASE_S))
            first.kill()
            at_the_kill = len(ledger.receipts)
            asyncio.run(asyncio.sleep(PHASE_S))
            assert len(ledger.receipts) > at_the_kill, "the other sink did not go on"
            with pair.sink(0):
                senders.stop()
                asyncio.run(asyncio.sleep(PHASE_S))

        with pair.both() as [first, second]:
            await asyncio.gather(senders.run(), asyncio.to_thread(one_dies_and_comes_back, first))
            assert second.process.poll() is None
            assert second.errors == []
    assert len(ledger.receipts) == len(ledger.sent) >= 20
    assert ledger.answers[NO_ANSWER] > 0
    assert ledger.answers[AWAY] == 0
    assert ledger.answers[HELD] > 0
    assert 0 < ledger.answers[STORED] <= len(ledger.sent)
    assert min(pair.balancer.passed.values()) > 0
    await assert_the_database_holds(pair.database_url, ledger)
