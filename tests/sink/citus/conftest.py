"""A schema of its own on a Citus cluster for each module, where VOX_TEST_CITUS_URL names one.

It names a database on the coordinator that has the extension and its workers; its user may create
schemas and roles.
"""

import asyncio
import os
import secrets
from collections.abc import Iterator

import asyncpg
import pytest

from support.postgres import in_own_loop, with_settings

VARIABLE = "VOX_TEST_CITUS_URL"
COORDINATOR = os.environ.get(VARIABLE)
SHARDS = 4  # a table; the default of 32 takes seconds to make
_ON_A_CLUSTER = ["test_cluster.py"]
collect_ignore = [] if COORDINATOR else _ON_A_CLUSTER


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what did not run, since nothing else would."""
    if collect_ignore:
        left_out = ", ".join(collect_ignore)
        terminalreporter.write_line(f"{VARIABLE} is not set, left out: {left_out}", yellow=True)


@pytest.fixture(scope="module")
def cluster_url() -> Iterator[str]:
    """Give the DSN of an empty schema; drop it in the end."""
    assert COORDINATOR is not None
    name = f"vox_test_{secrets.token_hex(6)}"
    in_own_loop(lambda: _run(COORDINATOR, f"CREATE SCHEMA {name}"))
    try:
        yield with_settings(COORDINATOR, f"search_path={name}&citus.shard_count={SHARDS}")
    finally:
        in_own_loop(lambda: _run(COORDINATOR, f"DROP SCHEMA {name} CASCADE"))


async def _run(dsn: str, statement: str) -> None:
    connection = await asyncio.wait_for(asyncpg.connect(dsn), 10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
