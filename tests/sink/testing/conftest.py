"""The plugin's fixtures over the Postgres that our own tests run anyway."""

import pytest

from support.postgres import PostgresServer
from vox_telemetry_sink.testing import TelemetryPostgres


@pytest.fixture(scope="session")
def telemetry_postgres(
    postgres_server: PostgresServer, migrated_database: str
) -> TelemetryPostgres:
    """Take the place of the plugin's own, which the inner runs of test_plugin.py use."""
    return TelemetryPostgres(postgres_server, migrated_database)
