"""Each benchmark of the client still runs: once, on next to nothing. Its figures are not looked at."""

import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from support.events import REPOSITORY


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a benchmark with other constants; they find each other as scripts of one folder do."""
    monkeypatch.syspath_prepend(REPOSITORY / "benchmarks")

    def loaded(name: str, **constants: object) -> ModuleType:
        module = importlib.import_module(name)
        for constant, value in constants.items():
            monkeypatch.setattr(module, constant, value)
        return module

    return loaded


def lines(module: ModuleType) -> Iterator[str]:
    """Run one round; give what was measured, each with a figure."""
    for result in module.measure(1):
        assert result.value > 0
        assert all(ratio > 0 for ratio in result.ratios)
        yield f"{result.line}: {result.what}"


def test_the_client_is_measured_against_json_loads_and_bare_httpx(benchmark: Any) -> None:
    module = benchmark("client", EVENTS=300, BATCHES=4, EVENTS_PER_BATCH=3)
    assert list(lines(module)) == [
        "client: check + enqueue",
        "client: check + enqueue, with blanks",
        "client: the whole command enqueue, with its start",
        "client: upload",
        "client: upload, receipts signed and verified",
    ]


def test_a_backlog_is_measured_by_whole_commands(benchmark: Any) -> None:
    module = benchmark("growth_spool", COUNTS=(1, 4))
    assert list(lines(module)) == [
        "growth: status, 1 batches",
        "growth: status, 4 batches",
        "growth: enqueue one batch, 4 batches there",
        "growth: upload one batch, 4 batches there",
    ]


def test_the_proof_of_a_sender_is_measured_with_its_primitives(benchmark: Any) -> None:
    assert list(lines(benchmark("verify", CALLS=1))) == [
        "verify: verify",
        "verify: of which Ed25519",
        "verify: of which SHA-256 of the body",
    ]


def test_memory_is_that_of_a_process_with_a_backlog(benchmark: Any) -> None:
    module = benchmark("memory_client", PENDING=3, UPLOADED=2)
    assert list(lines(module)) == [
        "memory: client, status with 3 pending",
        "memory: client, upload with 3 pending",
    ]
