"""The plugin's fixtures over the Postgres that our own tests run anyway."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.postgres import PostgresServer
from vox_telemetry_sink.testing import TelemetryClient, TelemetryPostgres, TelemetrySink
from vox_telemetry_sink.testing.machine import Prepared, operators_machine


@pytest.fixture(scope="session")
def telemetry_postgres(
    postgres_server: PostgresServer, migrated_database: str
) -> TelemetryPostgres:
    """Take the place of the plugin's own, which the inner runs of test_plugin.py use."""
    return TelemetryPostgres(postgres_server, migrated_database)


@pytest.fixture
def idle_sink(telemetry_database_url: str, tmp_path: Path) -> Iterator[TelemetrySink]:
    """Give a sink that does not serve: most of it needs its database alone."""
    sink = TelemetrySink(telemetry_database_url, tmp_path)
    yield sink
    sink.stop()


@pytest.fixture
def idle_machine(
    idle_sink: TelemetrySink,
    telemetry_prepared_home: Prepared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> TelemetryClient:
    """Give an operator's machine that consents to the idle sink."""
    return operators_machine(telemetry_prepared_home, tmp_path / "home", idle_sink, monkeypatch)
