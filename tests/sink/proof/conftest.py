"""Fixtures of the proof: a Postgres container of its own, and a database in it for each test."""

from collections.abc import Iterator

import pytest

from support.containers import engine_answers
from support.own_postgres import OwnPostgres, own_postgres

# What these files do to a database takes a container engine; CI demands one (see tests/conftest.py).
_TAKE_AN_ENGINE = ["test_database_faults.py", "test_killed_sink.py", "test_soak.py"]
collect_ignore = [] if engine_answers() else _TAKE_AN_ENGINE


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what did not run, since nothing else would."""
    if collect_ignore:
        left_out = ", ".join(collect_ignore)
        terminalreporter.write_line(f"no Docker engine answers, left out: {left_out}", yellow=True)


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server
