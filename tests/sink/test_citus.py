"""`migrate --citus` where there is no Citus; tests/sink/citus has the cluster's part."""

import pytest

from support.cli import run_cli
from vox_telemetry_sink.citus import DISTRIBUTED, LOCAL, REFERENCE, distribute, is_distributed
from vox_telemetry_sink.database import operator_connection
from vox_telemetry_sink.errors import MigrationError


async def test_a_server_without_citus_is_told_what_to_install_and_nothing_changes(
    database_url: str,
) -> None:
    with pytest.raises(MigrationError, match="this server has no Citus, expected its package"):
        await distribute(database_url, asked=True)
    ran = run_cli("vox-telemetry-sink", "migrate", "--citus", "--database-url", database_url)
    assert (ran.code, ran.out) == (1, "")
    assert "shared_preload_libraries = 'citus' on every node" in ran.err


async def test_who_does_not_ask_for_citus_gets_none(database_url: str) -> None:
    assert await distribute(database_url, asked=False) == []
    async with operator_connection(database_url) as connection:
        assert await is_distributed(connection) is False


def test_no_table_has_two_places() -> None:
    placed = [*(name for name, _, _ in DISTRIBUTED), *REFERENCE, *LOCAL]
    assert len(placed) == len(set(placed))
