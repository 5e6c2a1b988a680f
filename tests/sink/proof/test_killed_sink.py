"""`kill -9` of the sink under load, several times: what a receipt says is stored, once."""

import asyncio
import random
import time
from collections.abc import Iterator

import pytest

from support.own_postgres import OwnPostgres
from support.senders import AWAY, HELD, NO_ANSWER, Senders, assert_the_database_holds, enrolled_keys
from support.sink_process import sink_process
from support.world import free_port

SENDERS = 6
LOAD_S = 20.0
LIVES_S = (0.4, 1.6)  # how long a sink works before it is killed
SEED = 20_261_122


@pytest.fixture
def database_url(own_server: OwnPostgres) -> Iterator[str]:
    with own_server.migrated_database() as dsn:
        yield dsn


def killed_again_and_again(database_url: str, port: int, senders: Senders) -> int:
    """Start and kill sinks until the time is up, then let one live until all is acknowledged."""
    chance = random.Random(SEED)
    deadline, kills = time.monotonic() + LOAD_S, 0
    while time.monotonic() < deadline:
        with sink_process(database_url, port) as sink:
            time.sleep(chance.uniform(*LIVES_S))
            sink.kill()
            kills += 1
    with sink_process(database_url, port):
        senders.stop()
        time.sleep(2)
    return kills


async def test_case_20_after_kill_9_every_receipt_is_in_the_database_and_no_event_twice(
    database_url: str,
) -> None:
    port = free_port()
    senders = Senders(f"http://127.0.0.1:{port}", await enrolled_keys(database_url, SENDERS))
    kills, _ = await asyncio.gather(
        asyncio.to_thread(killed_again_and_again, database_url, port, senders), senders.run()
    )
    ledger = senders.ledger
    assert kills >= 3
    assert len(ledger.receipts) == len(ledger.sent) >= 50
    assert ledger.answers[NO_ANSWER] >= kills  # or nothing was under way when it was killed
    assert ledger.answers[AWAY] == 0
    assert ledger.answers[HELD] > 0
    await assert_the_database_holds(database_url, ledger)
