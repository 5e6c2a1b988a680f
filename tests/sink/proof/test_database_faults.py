"""What befalls a real Postgres under a sink that goes on running; cases 16b, 17 and 18."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from support.cli import run_cli
from support.events import benchmark_event
from support.forgetful_link import ForgetfulLink
from support.own_postgres import SMALL_DISK, OwnPostgres
from support.postgres import database_name, with_database
from support.senders import (
    AWAY,
    HELD,
    STORED,
    Senders,
    assert_the_database_holds,
    enrolled_keys,
)
from support.sink_process import sink_process
from support.uploads import Upload, new_batch_id, payload_of
from support.world import free_port
from vox_telemetry_sink import database
from vox_telemetry_spec.problems import ProblemType

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
LiveSink = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
Uploads = Callable[..., Upload]
Holding = AbstractAsyncContextManager[Any]

COUNTS = "SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM event)"
HELD_ROWS = (
    "SELECT encode(payload_sha256, 'hex'), count(*) FROM batch JOIN event USING (batch_id)"
    " WHERE batch_id = $1::text::uuid GROUP BY 1"
)
SENDERS = 4
CLAIM = "INSERT INTO batch SELECT $1::text::uuid, '', sha256(''), NULL, '', '{}', 1, now(), now(), '', ''"
SINKS_BACKENDS = (
    "FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'vox-telemetry-sink'"
)


@pytest.fixture
def database_url(own_server: OwnPostgres) -> Iterator[str]:
    with own_server.migrated_database() as dsn:
        yield dsn


@asynccontextmanager
async def session(dsn: str) -> AsyncIterator[Any]:
    """Hold a connection with an open transaction, which is rolled back in the end."""
    connection = await asyncpg.connect(dsn)
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield connection
    finally:
        connection.terminate()


async def until_the_sink_waits_for_a_lock(fetch: Fetch) -> None:
    for _ in range(200):
        if await fetch(f"SELECT 1 {SINKS_BACKENDS} AND wait_event_type = 'Lock'"):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the sink did not come to wait for a lock")


def assert_away(answer: httpx.Response) -> None:
    """Look for the answer that loses nothing: the client comes again."""
    assert (answer.status_code, answer.json()["type"]) == (
        AWAY,
        ProblemType.STORE_UNAVAILABLE.uri,
    )
    assert answer.headers["retry-after"] == "2"


async def load_while(
    own_server: OwnPostgres, database_url: str, *happenings: Callable[[], None]
) -> Counter[int]:
    """Upload without a break while things happen, a second apart; the answers by status."""
    port = free_port()

    def happen() -> None:
        for happening in (*happenings, lambda: None):
            asyncio.run(asyncio.sleep(1))
            happening()

    with sink_process(database_url, port) as sink:
        senders = Senders(sink.url, await enrolled_keys(database_url, SENDERS))

        async def stop_in_the_end() -> None:
            await asyncio.to_thread(happen)
            await asyncio.to_thread(sink.wait_until_ready)
            senders.stop()

        await asyncio.gather(senders.run(), stop_in_the_end())
        assert sink.process.poll() is None, "the sink has ended"
    assert sink.errors == []
    assert len(senders.ledger.receipts) == len(senders.ledger.sent) > SENDERS
    await assert_the_database_holds(database_url, senders.ledger)
    return senders.ledger.answers


async def test_restarts_under_load_lose_nothing_and_the_sink_goes_on(
    own_server: OwnPostgres, database_url: str
) -> None:
    answers = await load_while(own_server, database_url, own_server.restart, own_server.restart)
    assert answers[AWAY] > 0
    assert answers[STORED] > 0


async def test_a_killed_database_keeps_every_batch_that_has_a_receipt(
    own_server: OwnPostgres, database_url: str
) -> None:
    answers = await load_while(own_server, database_url, own_server.kill, own_server.start)
    assert answers[AWAY] > 0
    assert answers[STORED] > 0


async def test_a_pause_makes_connections_hang_and_nobody_waits_for_ever(
    own_server: OwnPostgres,
    live_sink: LiveSink,
    upload: Uploads,
    fetch: Fetch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vox_telemetry_sink.database.STORE_STATEMENT_DEADLINE_S", 0.5)
    monkeypatch.setattr("vox_telemetry_sink.database.STORE_CONNECT_DEADLINE_S", 0.5)
    batches = [upload() for _ in range(5)]
    async with live_sink() as client:
        assert (await upload().post(client)).status_code == STORED
        own_server.pause()
        try:
            answers = await asyncio.wait_for(
                asyncio.gather(*(one.post(client) for one in batches)), 15
            )
            ready = await asyncio.wait_for(client.get("/readyz"), 5)
        finally:
            own_server.unpause()
        for answer in answers:
            assert_away(answer)
        assert ready.status_code == AWAY
        again = [(await one.post(client)).status_code for one in batches]
    # What was on its way when the pause came may have been committed after it.
    assert set(again) <= {STORED, HELD}
    assert await fetch(COUNTS) == [(6, 6)]


@pytest.fixture
def small_database(own_server: OwnPostgres, database_url: str) -> Iterator[str]:
    """Move the database of this test to a small disk of its own."""
    name = database_name(database_url)
    assert own_server.run("mkdir", f"{SMALL_DISK}/data") == 0
    assert own_server.run("chown", "postgres", f"{SMALL_DISK}/data") == 0
    own_server.server.administer(
        f"CREATE TABLESPACE small LOCATION '{SMALL_DISK}/data'",
        f"ALTER DATABASE {name} SET TABLESPACE small",
    )
    yield database_url
    own_server.server.administer(
        f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false",
        f"ALTER DATABASE {name} SET TABLESPACE pg_default",
        "DROP TABLESPACE small",
    )


async def test_a_full_disk_is_503_and_what_was_refused_is_stored_once_there_is_room(
    own_server: OwnPostgres, small_database: str, live_sink: LiveSink, upload: Uploads, fetch: Fetch
) -> None:
    filler = f"{SMALL_DISK}/filler"
    async with live_sink() as client:
        assert (await upload().post(client)).status_code == STORED
        assert own_server.run("sh", "-c", f"cat /dev/zero >{filler}") == 1  # no room left
        refused = [big_upload(upload) for _ in range(3)]
        for one in refused:
            assert_away(await one.post(client))
        assert await fetch(COUNTS) == [(1, 1)]
        assert own_server.run("rm", filler) == 0
        for one in refused:
            assert (await one.post(client)).status_code == STORED
        assert (await client.get("/readyz")).status_code == 200
    assert await fetch(COUNTS) == [(4, 6_001)]


def big_upload(upload: Uploads) -> Upload:
    """Make one that fits into no page that is half empty."""
    batch_id = new_batch_id()
    return upload(
        batch_id=batch_id,
        payload=payload_of(*[benchmark_event()] * 2_000, batch_id=batch_id),
    )


async def test_a_deadlock_is_503_for_its_victim_whose_repetition_is_stored(
    own_server: OwnPostgres, database_url: str, live_sink: LiveSink, upload: Uploads, fetch: Fetch
) -> None:
    # The sink claims in the order of ids, and those of one millisecond have a random one.
    first, second, third = sorted((upload() for _ in range(3)), key=lambda one: one.batch_id)
    name = database_name(database_url)
    admin_dsn = with_database(own_server.server.admin_dsn, name)
    # Postgres looks for a deadlock once in a wait: late enough for a busy machine to have made it.
    own_server.server.administer(f"ALTER DATABASE {name} SET deadlock_timeout = '3s'")
    async with live_sink() as client, session(admin_dsn) as holder, session(admin_dsn) as other:
        await holder.execute(CLAIM, first.batch_id)
        waiting = [asyncio.create_task(first.post(client))]
        await until_the_sink_waits_for_a_lock(fetch)
        await other.execute("SET LOCAL deadlock_timeout = '60s'")  # so the sink is the victim
        await other.execute(CLAIM, third.batch_id)
        waiting += [asyncio.create_task(one.post(client)) for one in (second, third)]
        await asyncio.sleep(1)  # both wait in the queue and come in one group
        holder.terminate()
        assert (await waiting[0]).status_code == STORED
        await until_the_sink_waits_for_a_lock(fetch)
        crossing = asyncio.create_task(other.execute(CLAIM, second.batch_id))
        with capture_logs() as logged:
            for answer in await asyncio.gather(*waiting[1:]):
                assert_away(answer)
        assert "DeadlockDetectedError" in str(logged)
        await crossing
        other.terminate()
        assert [(await one.post(client)).status_code for one in (second, third)] == [STORED] * 2
    assert await fetch(COUNTS) == [(3, 3)]


@pytest.mark.parametrize(
    ("setting", "error"),
    [("statement_timeout", "QueryCanceledError"), ("lock_timeout", "LockNotAvailableError")],
)
async def test_a_statement_that_takes_too_long_is_503_and_stored_later(
    *,
    setting: str,
    error: str,
    database_url: str,
    live_sink: LiveSink,
    upload: Uploads,
    fetch: Fetch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(database._SERVER_SETTINGS, setting, "300")  # milliseconds
    one = upload()
    async with live_sink() as client:
        async with session(database_url) as holder:
            await holder.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
            with capture_logs() as logged:
                assert_away(await one.post(client))
        assert error in str(logged)
        assert await fetch(COUNTS) == [(0, 0)]
        assert (await one.post(client)).status_code == STORED
    assert await fetch(COUNTS) == [(1, 1)]


async def test_case_17_a_database_that_is_down_at_the_start_is_said_in_one_line(
    own_server: OwnPostgres, database_url: str
) -> None:
    own_server.kill()
    try:
        ran = run_cli("vox-telemetry-sink", "serve", env={"VOX_SINK_DATABASE_URL": database_url})
    finally:
        own_server.start()
    assert ran.code == 1
    assert "the database does not answer" in ran.err
    assert "vox:vox" not in ran.err
    assert "Traceback" not in ran.err


async def test_case_17_a_connection_lost_inside_the_transaction_leaves_nothing_half_written(
    database_url: str, live_sink: LiveSink, upload: Uploads, fetch: Fetch
) -> None:
    one = upload()
    async with live_sink() as client:
        async with session(database_url) as holder:
            await holder.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
            waiting = asyncio.create_task(one.post(client))
            await until_the_sink_waits_for_a_lock(fetch)  # its batch is claimed, its events not
            await fetch(f"SELECT pg_terminate_backend(pid) {SINKS_BACKENDS}")
            assert_away(await waiting)
        assert await fetch(COUNTS) == [(0, 0)]
        assert (await one.post(client)).status_code == STORED
    assert await fetch(COUNTS) == [(1, 1)]


async def test_case_17_a_connection_lost_after_the_commit_is_503_and_its_repetition_a_duplicate(
    database_url: str, live_sink: LiveSink, upload: Uploads, fetch: Fetch
) -> None:
    one = upload()
    async with (
        ForgetfulLink(database_url).open() as link,
        live_sink(database_url=link.dsn) as client,
    ):
        assert (await upload().post(client)).status_code == STORED
        link.forgets = True
        assert_away(await one.post(client))
        assert link.forgotten == 1
        assert await fetch(COUNTS) == [(2, 2)]
        assert (await one.post(client)).status_code == HELD
    assert await fetch(COUNTS) == [(2, 2)]


async def test_case_17_no_connection_left_on_the_server_is_503_until_there_is_one(
    own_server: OwnPostgres, live_sink: LiveSink, upload: Uploads, fetch: Fetch
) -> None:
    one = upload()
    async with live_sink() as client:
        own_server.server.administer("ALTER ROLE vox CONNECTION LIMIT 0")
        try:
            assert_away(await one.post(client))
        finally:
            own_server.server.administer("ALTER ROLE vox CONNECTION LIMIT -1")
        assert (await one.post(client)).status_code == STORED
    assert await fetch(COUNTS) == [(1, 1)]


async def test_case_17_an_empty_pool_makes_requests_wait_their_turn(
    database_url: str, live_sink: LiveSink, fetch: Fetch
) -> None:
    uploads = [Upload(key=key) for key in await enrolled_keys(database_url, 20)]
    async with live_sink() as client:
        async with session(database_url) as holder:
            await holder.execute("LOCK TABLE client_key IN ACCESS EXCLUSIVE MODE")
            waiting = [asyncio.create_task(one.post(client)) for one in uploads]
            await until_the_sink_waits_for_a_lock(fetch)
            await asyncio.sleep(0.3)
            [(used,)] = await fetch(f"SELECT count(*) {SINKS_BACKENDS}")
        answers = await asyncio.gather(*waiting)
    assert used == 8
    assert {answer.status_code for answer in answers} == {STORED}
    assert await fetch(COUNTS) == [(20, 20)]


async def test_case_16b_an_id_whose_rows_were_refused_is_free_for_its_repetition(
    live_sink: LiveSink, upload: Uploads, fetch: Fetch
) -> None:
    one = upload()
    async with live_sink() as client:
        await fetch("ALTER TABLE event ADD CONSTRAINT broken CHECK (false) NOT VALID")
        answer = await one.post(client)
        assert (answer.status_code, answer.json()["type"]) == (500, ProblemType.INTERNAL.uri)
        assert await fetch(COUNTS) == [(0, 0)]
        await fetch("ALTER TABLE event DROP CONSTRAINT broken")
        assert (await one.post(client)).status_code == STORED
    assert await fetch(COUNTS) == [(1, 1)]


async def test_case_15_two_sinks_and_the_same_instant_store_one_and_give_one_receipt(
    live_sink: LiveSink, upload: Uploads, fetch: Fetch
) -> None:
    async with live_sink() as left, live_sink() as right:
        for _ in range(10):
            one = upload()
            answers = await asyncio.gather(one.post(left), one.post(right))
            assert sorted(answer.status_code for answer in answers) == [HELD, STORED]
            assert answers[0].content == answers[1].content
    assert await fetch(COUNTS) == [(10, 10)]


async def test_case_16_two_contents_under_one_id_at_the_same_instant_store_one(
    live_sink: LiveSink, upload: Uploads, fetch: Fetch
) -> None:
    async with live_sink() as left, live_sink() as right:
        for _ in range(10):
            one = upload()
            events = [benchmark_event(), benchmark_event()]
            other = replace(one, payload=payload_of(*events, batch_id=one.batch_id), body=b"")
            answers = await asyncio.gather(one.post(left), other.post(right))
            assert sorted(answer.status_code for answer in answers) == [STORED, 409]
            [receipt] = [a.json() for a in answers if a.status_code == STORED]
            held = await fetch(HELD_ROWS, one.batch_id)
            assert held == [(receipt["payload_sha256"], receipt["event_count"])]


async def test_case_21_a_backlog_is_gone_within_the_time_of_the_outage_at_half_more_than_the_peak(
    own_server: OwnPostgres, database_url: str
) -> None:
    """Two seconds away at 20 batches a second; then 30 a second come, the backlog on top."""
    outage_s, peak_per_s, port = 2.0, 20, free_port()
    [key] = await enrolled_keys(database_url, 1)
    backlog = [
        Upload(key=key, authority=f"127.0.0.1:{port}") for _ in range(int(outage_s * peak_per_s))
    ]
    later = [Upload(key=key, authority=f"127.0.0.1:{port}") for _ in range(int(outage_s * 30))]
    with sink_process(database_url, port) as sink:
        async with httpx.AsyncClient(base_url=sink.url, trust_env=False, timeout=30) as client:
            killed_s = time.monotonic()
            own_server.kill()
            for answer in await paced(client, backlog, peak_per_s):
                assert_away(answer)
            own_server.start()
            away_s = time.monotonic() - killed_s  # its start included: a slow machine's is longer
            coming = asyncio.create_task(paced(client, later, peak_per_s * 1.5))
            began_s = time.monotonic()
            answers = await paced(client, backlog, 1_000)
            took_s = time.monotonic() - began_s
            answers += await coming
    assert {answer.status_code for answer in answers} == {STORED}
    assert took_s < away_s


async def paced(
    client: httpx.AsyncClient, uploads: list[Upload], per_s: float
) -> list[httpx.Response]:
    """Send at a rate, whatever the answers take."""
    tasks = []
    for one in uploads:
        tasks.append(asyncio.create_task(one.post(client)))
        await asyncio.sleep(1 / per_s)
    return await asyncio.gather(*tasks)


async def test_a_repetition_is_not_acknowledged_before_the_standby_has_the_batch(
    own_server: OwnPostgres, client: httpx.AsyncClient, upload: Uploads
) -> None:
    one = upload()
    assert (await one.post(client)).status_code == STORED
    reload = "SELECT pg_reload_conf()"
    absent = "ALTER SYSTEM SET synchronous_standby_names = 'absent'"
    own_server.server.administer(absent, reload)
    try:
        again = asyncio.create_task(one.post(client))
        done, _ = await asyncio.wait([again], timeout=2)
        assert not done, "a receipt was given for what may be on one disk only"
    finally:
        own_server.server.administer("ALTER SYSTEM RESET synchronous_standby_names", reload)
    assert (await again).status_code == HELD
