"""`record_timing`: what is kept, and that the timed code never notices."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import vox_telemetry_client
from support.local_databases import query
from vox_telemetry_client import record_timing, timing
from vox_telemetry_client.errors import StoreBusyError
from vox_telemetry_client.limits import TIMING_BUSY_PAUSE_S

STORE = Path(".vox", "telemetry-store", "metrics.sqlite3")


class BoomError(Exception):
    pass


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(timing, "_told", set())
    monkeypatch.setattr(timing, "_busy_until_s", {})
    return tmp_path


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a clock that stands still until a test moves its first element, in nanoseconds."""
    clock = [0]
    monkeypatch.setattr(timing, "perf_counter_ns", lambda: clock[0])
    return clock


def rows(path: Path = STORE) -> list[tuple[Any, ...]]:
    found = query(
        path,
        "SELECT session_id, metric_type, metric_value, metadata_json FROM research_metrics ORDER BY id",
    )
    return [(*row[:3], json.loads(row[3])) for row in found]


def outcomes() -> list[tuple[str, float, str]]:
    return [(data["name"], value, data["details"]["outcome"]) for _, _, value, data in rows()]


def test_it_is_public_and_imported_when_asked_for() -> None:
    assert "record_timing" in vox_telemetry_client.__all__


def test_a_block_becomes_one_benchmark_event(ticks: list[int]) -> None:
    with record_timing("parse", repository_id="my-project", details={"files": 3, "cold": True}):
        ticks[0] += 2_500_000
    assert rows() == [
        (
            "bench:my-project",
            "benchmark_event",
            2.5,
            {
                "name": "parse",
                "repository_id": "my-project",
                "metric_value_unit": "milliseconds",
                "details": {"files": 3, "cold": True, "outcome": "completed"},
            },
        )
    ]


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("nanoseconds", 90e9),
        ("microseconds", 90e6),
        ("milliseconds", 90e3),
        ("seconds", 90.0),
        ("minutes", 1.5),
    ],
)
def test_every_unit_of_time_in_the_contract(ticks: list[int], unit: Any, value: float) -> None:
    with record_timing("x", repository_id="r", unit=unit):
        ticks[0] += 90_000_000_000
    assert [row[2] for row in rows()] == [value]


def test_a_function_is_timed_at_each_call_and_stays_what_it_was(ticks: list[int]) -> None:
    @record_timing("parse", repository_id="r", unit="seconds")
    def parse(text: str, *, times: int = 1) -> str:
        """Say it."""
        ticks[0] += 1_000_000_000
        return text * times

    assert (parse("a"), parse("b", times=2)) == ("a", "bb")
    assert (parse.__name__, parse.__doc__) == ("parse", "Say it.")
    assert outcomes() == [("parse", 1.0, "completed")] * 2


async def test_a_coroutine_function_is_timed_until_it_returns(ticks: list[int]) -> None:
    @record_timing("fetch", repository_id="r", unit="seconds")
    async def fetch() -> int:
        await asyncio.sleep(0)
        ticks[0] += 3_000_000_000
        return 7

    assert await fetch() == 7
    assert outcomes() == [("fetch", 3.0, "completed")]


async def test_an_object_that_is_called_as_a_coroutine_function_is_timed_as_one() -> None:
    class Fetch:
        async def __call__(self) -> None:
            await asyncio.sleep(0)
            raise BoomError

    with pytest.raises(BoomError):
        await record_timing("fetch", repository_id="r")(Fetch())()
    assert [row[2] for row in outcomes()] == ["failed"]


def test_what_the_timed_code_raises_goes_on_and_is_marked() -> None:
    block = record_timing("x", repository_id="r")
    with pytest.raises(BoomError), block:
        raise BoomError("canary")
    with pytest.raises(KeyboardInterrupt), block:
        raise KeyboardInterrupt
    assert [row[2] for row in outcomes()] == ["failed", "interrupted"]
    assert "canary" not in str(rows())


async def test_a_cancelled_task_is_interrupted() -> None:
    @record_timing("wait", repository_id="r")
    async def wait() -> None:
        await asyncio.sleep(60)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [row[2] for row in outcomes()] == ["interrupted"]


def test_a_recursive_function_is_timed_at_each_depth(ticks: list[int]) -> None:
    @record_timing("descend", repository_id="r", unit="seconds")
    def descend(depth: int) -> None:
        ticks[0] += 1_000_000_000
        if depth:
            descend(depth - 1)

    descend(2)
    assert [row[1] for row in outcomes()] == [1.0, 2.0, 3.0]


def test_blocks_may_end_in_another_order_than_they_began(ticks: list[int]) -> None:
    first, second = (record_timing(name, repository_id="r", unit="seconds") for name in "ab")
    for step in (first.__enter__, second.__enter__):
        step()
        ticks[0] += 1_000_000_000
    for timing_ended in (first, second):
        timing_ended.__exit__(None, None, None)
        ticks[0] += 5_000_000_000
    assert [row[:2] for row in outcomes()] == [("a", 2.0), ("b", 6.0)]


def test_one_timing_may_be_open_in_many_threads_at_once() -> None:
    shared = record_timing("work", repository_id="r", unit="seconds")
    together = threading.Barrier(4)
    slow_may_end = threading.Event()

    def work(*, slow: bool) -> None:
        with shared:
            together.wait()
            if slow:
                slow_may_end.wait()

    threads = [threading.Thread(target=work, kwargs={"slow": not at}) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads[1:]:
        thread.join()
    slow_may_end.set()
    threads[0].join()
    values = [row[1] for row in outcomes()]
    assert len(values) == 4
    assert max(values) == values[-1]  # the slow one ended last, with its own start


async def test_one_timing_may_be_open_in_many_tasks_at_once(ticks: list[int]) -> None:
    shared = record_timing("work", repository_id="r", unit="seconds")
    first_may_end = asyncio.Event()

    async def first() -> None:
        with shared:
            await first_may_end.wait()

    async def second() -> None:
        ticks[0] += 5_000_000_000
        with shared:
            ticks[0] += 1_000_000_000
            first_may_end.set()
            await asyncio.sleep(0)
            ticks[0] += 1_000_000_000

    await asyncio.gather(first(), second())
    assert sorted(row[1] for row in outcomes()) == [2.0, 6.0]


def test_left_elsewhere_than_entered_it_is_not_recorded_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shared = record_timing("x", repository_id="r")
    shared.__enter__()
    thread = threading.Thread(target=shared.__exit__, args=(None, None, None))
    thread.start()
    thread.join()
    assert "left in another thread or task" in caplog.text
    assert not STORE.exists()


class _GeneratorObject:
    def __call__(self) -> Iterator[int]:
        yield 1


def _generator() -> Iterator[int]:
    yield 1


async def _async_generator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize("function", [_generator, _async_generator, _GeneratorObject()])
def test_generators_are_refused_with_words(function: Any) -> None:
    with pytest.raises(TypeError, match=r"its body runs while it is iterated.*around the loop"):
        record_timing("x", repository_id="r")(function)


@pytest.mark.parametrize(
    "thing", [BoomError, 5, classmethod(lambda _: None), staticmethod(print), property()]
)
def test_what_is_no_function_is_refused_with_words(thing: Any) -> None:
    with pytest.raises(TypeError, match="expected a function; of a class its methods"):
        record_timing("x", repository_id="r")(thing)


def test_switched_off_nothing_is_written(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOX_BENCHMARK_TELEMETRY", "0")
    with record_timing("x", repository_id="r"):
        pass
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "two words"}, "the name is not what may be uploaded"),
        ({"name": None}, "the name is not what may be uploaded"),
        ({"repository_id": "a:b"}, "the repository id is not what may be uploaded"),
        ({"unit": "ms"}, "the unit is none of time"),
        ({"details": {"Lane": 1}}, "a name in details"),
        ({"details": {"lane": "two words"}}, "a value in details"),
        ({"details": {"lane": [1]}}, "a value in details"),
        ({"details": {"lane": float("nan")}}, "JSON cannot carry"),
        ({"details": {f"m{at}": 1 for at in range(32)}}, "33 members, expected at most 32"),
        ({"details": 5}, "TypeError was raised"),
        ({"db": "somewhere"}, "AttributeError was raised"),
        ({"db": ["somewhere"]}, "TypeError was raised"),
        ({"db": Path("/proc/none/m.db")}, "cannot be made"),
    ],
)
def test_what_cannot_be_recorded_is_said_and_never_raised(
    arguments: dict[str, Any], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with record_timing(**({"name": "canary", "repository_id": "r"} | arguments)):
        pass
    [told] = [record for record in caplog.records if record.name == "vox_telemetry_client.timing"]
    assert told.levelno == logging.WARNING
    assert words in told.getMessage()
    assert "two words" not in told.getMessage()


def test_trouble_is_told_once_for_each_kind(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    (here / "m.db").write_bytes(b"no database, " * 100)
    for path in (here / "m.db", here / "m.db"):
        with record_timing("x", repository_id="r", db=path):
            pass
    for _ in range(2):
        with record_timing("two words", repository_id="r"):
            pass
    assert len(caplog.records) == 2


def test_trouble_does_not_hide_what_the_timed_code_raises() -> None:
    with pytest.raises(BoomError), record_timing("two words", repository_id="r"):
        raise BoomError


def test_a_store_that_made_one_timing_wait_makes_no_other_wait(
    here: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [1_000.0]
    tries: list[Path | None] = []

    def busy(*_: object, db: Path | None) -> None:
        tries.append(db)
        raise StoreBusyError("held by another process")

    monkeypatch.setattr(timing, "monotonic", lambda: clock[0])
    monkeypatch.setattr(timing, "record", busy)
    for _ in range(1_000):
        with record_timing("parse", repository_id="demo"):
            pass
    assert tries == [None]
    with record_timing("parse", repository_id="demo", db=here / "other"):
        pass
    clock[0] += TIMING_BUSY_PAUSE_S
    with record_timing("parse", repository_id="demo"):
        pass
    assert tries == [None, here / "other", None]
    assert caplog.text.count("held by another process") == 1


def test_a_log_filter_that_raises_does_not_reach_the_timed_code() -> None:
    def broken(_: logging.LogRecord) -> bool:
        raise BoomError

    logger = logging.getLogger("vox_telemetry_client.timing")
    logger.addFilter(broken)
    try:
        with record_timing("not a token", repository_id="demo"):
            pass
    finally:
        logger.removeFilter(broken)
