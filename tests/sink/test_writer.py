import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from support.accepted import accepted_batch
from support.events import benchmark_event
from vox_telemetry_sink.database import connected_pool
from vox_telemetry_sink.enforce import Accepted, Events
from vox_telemetry_sink.errors import RefusalError, StoreError, StoreUnavailableError
from vox_telemetry_sink.store import Store
from vox_telemetry_sink.writer import Writer, running_writer
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.problems import ProblemType

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]


@pytest.fixture
def accept(key: SigningKey) -> Any:
    """Walk a batch through verify and enforce, as the ingest does."""

    def accepted(*events: Any, batch_id: str | None = None) -> Any:
        return accepted_batch(key, *events, batch_id=batch_id)

    return accepted


def poison(accepted: Accepted) -> Accepted:
    """Break a batch as only a bug could: its last event has no metadata."""
    broken = Events(*([*column, column[0]] for column in accepted.events))
    broken.metadata[-1] = b"not json"
    return replace(accepted, events=broken)


async def test_what_waits_is_written_in_one_transaction(
    store: Store, accept: Callable[..., Accepted], fetch: Fetch
) -> None:
    writer = Writer(store)
    waiting = [asyncio.create_task(writer.write(accept())) for _ in range(20)]
    await asyncio.sleep(0)
    writer.close()
    await writer.run()
    assert all(stored.is_new for stored in await asyncio.gather(*waiting))
    [(transactions, batches)] = await fetch(
        "SELECT count(DISTINCT xmin::text), count(*) FROM batch"
    )
    assert (transactions, batches) == (1, 20)


async def test_a_group_has_at_most_64_batches(
    store: Store, accept: Callable[..., Accepted], fetch: Fetch
) -> None:
    writer = Writer(store)
    waiting = [asyncio.create_task(writer.write(accept())) for _ in range(65)]
    await asyncio.sleep(0)
    writer.close()
    await writer.run()
    await asyncio.gather(*waiting)
    sizes = await fetch("SELECT count(*) FROM batch GROUP BY xmin::text ORDER BY 1")
    assert sizes == [(1,), (64,)]


async def test_a_group_ends_with_the_batch_that_reaches_4_mib(
    store: Store, accept: Callable[..., Accepted], fetch: Fetch
) -> None:
    writer = Writer(store)
    mib = 1_048_576
    large = [replace(accept(), payload_bytes=bytes_) for bytes_ in (3 * mib, 2 * mib, mib)]
    waiting = [asyncio.create_task(writer.write(accepted)) for accepted in large]
    await asyncio.sleep(0)
    assert writer.waiting_bytes == 6 * mib
    writer.close()
    await writer.run()
    await asyncio.gather(*waiting)
    groups = await fetch("SELECT count(*) FROM batch GROUP BY xmin::text ORDER BY 1")
    assert groups == [(1,), (2,)]
    assert writer.waiting_bytes == 0


async def test_the_same_batch_twice_in_one_group_is_stored_once(
    store: Store, accept: Callable[..., Accepted], fetch: Fetch
) -> None:
    one = accept()
    async with running_writer(store) as writer:
        first, second = await asyncio.gather(writer.write(one), writer.write(one))
    assert (first.is_new, second.is_new) == (True, False)
    assert first[:3] == second[:3]
    assert await fetch("SELECT count(*) FROM event") == [(1,)]
    assert await fetch("SELECT batches, events FROM duplicate_tally") == [(1, 1)]


async def test_the_same_id_with_other_bytes_in_one_group_is_refused(
    store: Store, accept: Callable[..., Accepted], fetch: Fetch
) -> None:
    one = accept()
    other = accept(benchmark_event(), benchmark_event(), batch_id=one.batch_id)
    async with running_writer(store) as writer:
        results = await asyncio.gather(
            writer.write(one), writer.write(other), return_exceptions=True
        )
    assert results[0].is_new
    assert results[1].problem is ProblemType.BATCH_ID_REUSED
    assert await fetch("SELECT count(*) FROM event") == [(1,)]


async def test_a_poison_batch_harms_nobody_else(
    store: Store, accept: Callable[..., Accepted], fetch: Fetch
) -> None:
    batches = [accept() for _ in range(5)]
    batches[2] = poison(batches[2])
    async with running_writer(store) as writer:
        results = await asyncio.gather(*map(writer.write, batches), return_exceptions=True)
        assert [isinstance(result, StoreError) for result in results] == [
            False,
            False,
            True,
            False,
            False,
        ]
        assert (await writer.write(accept())).is_new
    assert await fetch("SELECT count(*) FROM event") == [(5,)]


async def test_a_group_that_is_rolled_back_counts_no_repetition_twice(
    store: Store, accept: Callable[..., Accepted], fetch: Fetch
) -> None:
    held, bad = accept(), poison(accept())
    await store.write([held])
    async with running_writer(store) as writer:
        await asyncio.gather(writer.write(held), writer.write(bad), return_exceptions=True)
    assert await fetch("SELECT batches, events FROM duplicate_tally") == [(1, 1)]


async def test_an_id_whose_events_failed_is_free_for_a_repetition(
    store: Store, accept: Callable[..., Accepted], fetch: Fetch
) -> None:
    one = accept()
    bad = poison(one)
    async with running_writer(store) as writer:
        with pytest.raises(StoreError):
            await writer.write(bad)
        assert await fetch("SELECT count(*) FROM batch") == [(0,)]
        assert (await writer.write(one)).is_new
    assert await fetch("SELECT count(*) FROM event") == [(1,)]


async def test_a_bug_in_writing_does_not_end_the_writer(
    store: Store, accept: Callable[..., Accepted], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_writer(store) as writer:
        with monkeypatch.context() as patched:
            patched.setattr("vox_telemetry_sink.store.batch_row", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                await writer.write(accept())
        assert (await writer.write(accept())).is_new


async def test_a_full_queue_refuses_at_once(store: Store, accept: Callable[..., Accepted]) -> None:
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


async def test_the_queue_is_bounded_in_bytes(store: Store, accept: Callable[..., Accepted]) -> None:
    writer = Writer(store)
    large = replace(accept(), payload_bytes=40_000_000)
    task = asyncio.create_task(writer.write(large))
    await asyncio.sleep(0)
    with pytest.raises(RefusalError, match="1 batches wait"):
        await writer.write(large)
    task.cancel()


async def test_a_sender_that_has_gone_does_not_stop_the_rest(
    store: Store, accept: Callable[..., Accepted], fetch: Fetch
) -> None:
    writer = Writer(store)
    gone = asyncio.create_task(writer.write(accept()))
    stays = asyncio.create_task(writer.write(accept()))
    await asyncio.sleep(0)
    gone.cancel()
    writer.close()
    await writer.run()
    assert (await stays).is_new
    assert await fetch("SELECT count(*) FROM batch") == [(2,)]


async def test_leaving_writes_what_was_accepted(
    store: Store, accept: Callable[..., Accepted], fetch: Fetch
) -> None:
    async with running_writer(store) as writer:
        tasks = [asyncio.create_task(writer.write(accept())) for _ in range(3)]
        await asyncio.sleep(0)
    assert all(stored.is_new for stored in await asyncio.gather(*tasks))
    assert await fetch("SELECT count(*) FROM batch") == [(3,)]


async def test_after_closing_nothing_is_taken(
    store: Store, accept: Callable[..., Accepted]
) -> None:
    async with running_writer(store) as writer:
        pass
    with pytest.raises(RefusalError, match="try again later"):
        await writer.write(accept())


async def test_a_database_that_is_away_fails_all_that_wait(accept: Callable[..., Accepted]) -> None:
    async with (
        connected_pool("postgresql://nobody@127.0.0.1:1/x") as pool,
        running_writer(Store(pool)) as writer,
    ):
        results = await asyncio.gather(
            *(writer.write(accept()) for _ in range(100)), return_exceptions=True
        )
    assert {type(result) for result in results} == {StoreUnavailableError}
