import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from support.events import benchmark_event
from support.uploads import Upload, new_batch_id, payload_of
from vox_telemetry_sink.enforce import enforce
from vox_telemetry_sink.errors import RefusalError, StoreError, StoreUnavailableError
from vox_telemetry_sink.unpack import unpack
from vox_telemetry_sink.verify import EnrolledKey, Received, read_claim, verify
from vox_telemetry_sink.writer import Writer, running_writer
from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.taxonomy import SensitivityClass

CHECKER = Checker.load()


@pytest.fixture
def accept(key):
    """Walk a batch through verify and enforce, as the ingest does."""

    def accepted(*events, batch_id=None):
        batch_id = batch_id or new_batch_id()
        upload = Upload(key=key, batch_id=batch_id, payload=payload_of(*events, batch_id=batch_id))
        request = SignableRequest("POST", upload.authority, upload.path, upload.headers())
        received = Received(request, None, upload.body)
        enrolled = EnrolledKey(key.public, "test", SensitivityClass.S1, is_revoked=False)
        now = datetime.now(UTC)
        verified = verify(received, read_claim(received), enrolled, now=now)
        return enforce(verified, unpack(verified), CHECKER, now=now)

    return accepted


def poison(accepted):
    """Break a batch as only a bug could: its second event has no metadata."""
    broken = accepted.events[0].__class__(
        accepted.events[0].family, "x", accepted.events[0].recorded_at, None, b"not json"
    )
    accepted.events.append(broken)
    return accepted


async def test_what_waits_is_written_in_one_transaction(store, accept, fetch):
    writer = Writer(store)
    waiting = [asyncio.create_task(writer.write(accept())) for _ in range(20)]
    await asyncio.sleep(0)
    writer.close()
    await writer.run()
    assert all(stored.is_new for stored in await asyncio.gather(*waiting))
    [(transactions, batches)] = await fetch("SELECT count(DISTINCT xmin::text), count(*) FROM batch")
    assert (transactions, batches) == (1, 20)


async def test_a_group_has_at_most_64_batches(store, accept, fetch):
    writer = Writer(store)
    waiting = [asyncio.create_task(writer.write(accept())) for _ in range(65)]
    await asyncio.sleep(0)
    writer.close()
    await writer.run()
    await asyncio.gather(*waiting)
    sizes = await fetch("SELECT count(*) FROM batch GROUP BY xmin::text ORDER BY 1")
    assert sizes == [(1,), (64,)]


async def test_the_same_batch_twice_in_one_group_is_stored_once(store, accept, fetch):
    one = accept()
    async with running_writer(store) as writer:
        first, second = await asyncio.gather(writer.write(one), writer.write(one))
    assert (first.is_new, second.is_new) == (True, False)
    assert first[:3] == second[:3]
    assert await fetch("SELECT count(*) FROM event") == [(1,)]


async def test_the_same_id_with_other_bytes_in_one_group_is_refused(store, accept, fetch):
    one = accept()
    other = accept(benchmark_event(), benchmark_event(), batch_id=one.envelope.batch_id)
    async with running_writer(store) as writer:
        results = await asyncio.gather(
            writer.write(one), writer.write(other), return_exceptions=True
        )
    assert results[0].is_new
    assert results[1].problem is ProblemType.BATCH_ID_REUSED
    assert await fetch("SELECT count(*) FROM event") == [(1,)]


async def test_a_poison_batch_harms_nobody_else(store, accept, fetch):
    batches = [accept() for _ in range(5)]
    poison(batches[2])
    async with running_writer(store) as writer:
        results = await asyncio.gather(*map(writer.write, batches), return_exceptions=True)
        assert [isinstance(result, StoreError) for result in results] == [
            False, False, True, False, False,
        ]
        assert (await writer.write(accept())).is_new
    assert await fetch("SELECT count(*) FROM event") == [(5,)]


async def test_an_id_whose_events_failed_is_free_for_a_repetition(store, accept, fetch):
    one = accept()
    bad = poison(replace(one, events=list(one.events)))
    async with running_writer(store) as writer:
        with pytest.raises(StoreError):
            await writer.write(bad)
        assert await fetch("SELECT count(*) FROM batch") == [(0,)]
        assert (await writer.write(one)).is_new
    assert await fetch("SELECT count(*) FROM event") == [(1,)]


async def test_a_bug_in_writing_does_not_end_the_writer(store, accept, monkeypatch):
    async with running_writer(store) as writer:
        with monkeypatch.context() as patched:
            patched.setattr("vox_telemetry_sink.store.batch_row", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                await writer.write(accept())
        assert (await writer.write(accept())).is_new


async def test_a_full_queue_refuses_at_once(store, accept):
    writer = Writer(store)
    one = accept()
    tasks = [asyncio.create_task(writer.write(one)) for _ in range(256)]
    await asyncio.sleep(0)
    with pytest.raises(RefusalError, match="256 batches wait") as caught:
        await writer.write(one)
    assert caught.value.problem is ProblemType.OVERLOADED
    assert caught.value.headers == {"retry-after": "2"}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_queue_is_bounded_in_bytes(store, accept):
    writer = Writer(store)
    large = replace(accept(), payload_bytes=40_000_000)
    task = asyncio.create_task(writer.write(large))
    await asyncio.sleep(0)
    with pytest.raises(RefusalError, match="1 batches wait"):
        await writer.write(large)
    task.cancel()


async def test_a_sender_that_has_gone_does_not_stop_the_rest(store, accept, fetch):
    writer = Writer(store)
    gone = asyncio.create_task(writer.write(accept()))
    stays = asyncio.create_task(writer.write(accept()))
    await asyncio.sleep(0)
    gone.cancel()
    writer.close()
    await writer.run()
    assert (await stays).is_new
    assert await fetch("SELECT count(*) FROM batch") == [(2,)]


async def test_leaving_writes_what_was_accepted(store, accept, fetch):
    async with running_writer(store) as writer:
        tasks = [asyncio.create_task(writer.write(accept())) for _ in range(3)]
        await asyncio.sleep(0)
    assert all(stored.is_new for stored in await asyncio.gather(*tasks))
    assert await fetch("SELECT count(*) FROM batch") == [(3,)]


async def test_after_closing_nothing_is_taken(store, accept):
    async with running_writer(store) as writer:
        pass
    with pytest.raises(RefusalError, match="try again later"):
        await writer.write(accept())


async def test_a_database_that_is_away_fails_all_that_wait(accept):
    from vox_telemetry_sink.database import connected_pool
    from vox_telemetry_sink.store import Store

    async with connected_pool("postgresql://nobody@127.0.0.1:1/x") as pool:
        async with running_writer(Store(pool)) as writer:
            results = await asyncio.gather(
                *(writer.write(accept()) for _ in range(100)), return_exceptions=True
            )
    assert {type(result) for result in results} == {StoreUnavailableError}
