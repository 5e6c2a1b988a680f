"""Each benchmark of the sink still runs: once, on next to nothing. Its figures are not looked at."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from support.events import REPOSITORY
from support.postgres import PostgresServer

BENCHMARKS = str(REPOSITORY / "benchmarks")


class Shared(NamedTuple):
    """What most benchmarks start for themselves; here they share one of each."""

    database: Any
    sink: Any
    noop: int
    tiny: Any


@pytest.fixture(scope="module")
def shared(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shared]:
    """Start each once by the benchmarks' own code, on the tests' Postgres."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.syspath_prepend(BENCHMARKS)
        names = ("processes", "databases", "sinks", "apps_served", "sizes")
        processes, databases, sinks, apps_served, sizes = map(importlib.import_module, names)
        patch.setattr(processes, "RESULTS", tmp_path_factory.mktemp("results"))
        # Not by VOX_BENCH_DATABASE_URL: an administrator who migrates makes roles for the server.
        patch.setattr(databases, "_some_server", lambda: nullcontext((postgres_server, None)))
        database = stack.enter_context(databases.some_database())
        sink = stack.enter_context(sinks.serving(database))
        noop = stack.enter_context(apps_served.served("noop"))
        yield Shared(database, sink, noop, sizes.Sizes.of(0))


@pytest.fixture
def benchmark(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModuleType]:
    """Give a benchmark that measures little, with what is shared or what a test says."""

    def loaded(name: str, **others: object) -> ModuleType:
        module = importlib.import_module(name)
        shares = {
            "SIZES": shared.tiny,
            "some_database": lambda: nullcontext(shared.database),
            "serving": lambda *_, **__: nullcontext(shared.sink),
            "served": lambda _: nullcontext(shared.noop),
        }
        for constant, value in (shares | others).items():
            if hasattr(module, constant):
                monkeypatch.setattr(module, constant, value)
        return module

    return loaded


def lines(module: ModuleType) -> Iterator[str]:
    """Run one round; give what was measured, each with a figure, or skipped, with the reason."""
    for result in module.measure(1):
        said = f"{result.line}: {result.what}"
        if hasattr(result, "reason"):
            yield f"{said}: {result.reason}"
            continue
        assert result.value >= 0
        assert all(ratio > 0 for ratio in result.ratios)
        yield said


def test_the_machine_is_measured_without_the_sink(benchmark: Any) -> None:
    assert list(lines(benchmark("limits", VERIFIED=10, HASHED=2))) == [
        "limits: Ed25519, one core",
        "limits: SHA-256, one core",
        "limits: bare commits (fsync), one connection",
        "limits: one COPY of everything",
        "limits: no-op POST of 100-event batches",
    ]


def test_the_sink_is_measured_against_a_copy_of_the_same_rows(benchmark: Any) -> None:
    not_seen = "no /proc here, or the server of VOX_BENCH_DATABASE_URL, which was not started here"
    assert list(lines(benchmark("ingest"))) == [
        "ingest: accepted, 1 worker",
        "ingest: accepted, a worker a core",
        "ingest: processor time of the sink",
        "ingest: processor time of the load",
        f"ingest: processor time of Postgres: {not_seen}",
        f"ingest: processor time of Postgres with raw COPY: {not_seen}",
    ]


def test_other_rows_than_were_copied_are_no_measurement(benchmark: Any) -> None:
    copied = importlib.import_module("saturation").copied
    module = benchmark("ingest", copied=lambda database, made: copied(database, made[:-1]))
    with pytest.raises(RuntimeError, match=r"the sink stored Content\(batches=16.*batches=15"):
        list(module.measure(1))


def test_what_was_acknowledged_and_is_not_stored_is_no_measurement(shared: Shared) -> None:
    made, saturation = map(importlib.import_module, ("made", "saturation"))
    never_sent = made.batches(2, shared.database.keys, events=3)
    with (
        pytest.raises(RuntimeError, match=r"\(0, 0\) batches and events are stored, 2 ack"),
        saturation.everything_stored(shared.database, never_sent),
    ):
        pass


def test_small_batches_are_measured_against_a_post_and_a_commit(benchmark: Any) -> None:
    assert list(lines(benchmark("ingest_small"))) == [
        "ingest-small: accepted, against no-op POST",
        "ingest-small: accepted, against bare commits",
    ]


def test_the_wait_is_measured_from_when_a_request_was_due(benchmark: Any) -> None:
    assert list(lines(benchmark("latency"))) == [
        "latency: p50 of acknowledgement, even arrivals",
        "latency: p99 of acknowledgement, even arrivals",
        "latency: p50 of acknowledgement, random arrivals",
        "latency: p99 of acknowledgement, random arrivals",
    ]


def test_growth_is_measured_on_top_of_what_is_stored(benchmark: Any, shared: Shared) -> None:
    sinks = importlib.import_module("sinks")
    stored = []

    def serving(database: Any) -> Any:
        stored.append(database.row("SELECT count(*) FROM event")[0])
        return nullcontext(shared.sink) if database is shared.database else sinks.serving(database)

    assert list(lines(benchmark("growth", serving=serving))) == [
        "growth: accepted, with 10,000 events stored"
    ]
    assert stored[1] == 10_000


def test_a_peer_is_measured_or_skipped_with_the_reason(
    benchmark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    missing = "no influxd in PATH; on Debian: apt-get install influxdb"
    assert list(lines(benchmark("peers"))) == [
        f"peers: accepted, against InfluxDB /write: {missing}",
        "peers: accepted, against one INSERT an event, a commit a event",
        "peers: accepted, against one INSERT an event, a commit a request",
    ]


def test_memory_is_measured_with_real_and_with_the_largest_bodies(benchmark: Any) -> None:
    assert list(lines(benchmark("memory"))) == [
        "memory: worker at saturation",
        "memory: worker with bodies of 1 MiB",
        "memory: worker with bodies of 1 MiB, 64 at once",
        "memory: worker with bodies that unpack to 4 MiB",
    ]
