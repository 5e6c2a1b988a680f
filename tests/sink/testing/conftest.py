"""The plugin's fixtures over the Postgres and the warm programs that our own tests have anyway."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from support.cli import run_cli
from support.postgres import PostgresServer, in_own_loop, with_settings
from vox_telemetry_sink.database import operator_connection
from vox_telemetry_sink.testing import (
    Ran,
    TelemetryClient,
    TelemetryPostgres,
    TelemetrySink,
    client_program,
)
from vox_telemetry_sink.testing.machine import Prepared, operators_machine

CREATOR = "vox_test_creator"


@pytest.fixture(scope="session")
def telemetry_postgres(
    postgres_server: PostgresServer, migrated_database: str
) -> TelemetryPostgres:
    """Take the place of the plugin's own, which the inner runs of test_plugin.py use."""
    return TelemetryPostgres(postgres_server, migrated_database)


@pytest.fixture
def creator_dsn(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the DSN of a user who may create databases and no roles; what is left of them goes.

    Roles belong to the whole server: a migration by its administrator would leave two to all tests.
    """
    postgres_server.administer(f"CREATE ROLE {CREATOR} CREATEDB")
    yield with_settings(postgres_server.admin_dsn, f"options=-crole%3D{CREATOR}")
    left = in_own_loop(lambda: _databases_of(postgres_server.admin_dsn, CREATOR))
    postgres_server.administer(*(f"DROP DATABASE {name} WITH (FORCE)" for name in left))
    postgres_server.administer(f"DROP ROLE {CREATOR}")


async def _databases_of(dsn: str, role: str) -> list[str]:
    async with operator_connection(dsn) as connection:
        query = "SELECT datname FROM pg_database WHERE datdba = $1::regrole"
        return [row["datname"] for row in await connection.fetch(query, role)]


@pytest.fixture(scope="session", autouse=True)
def warm_client() -> Iterator[None]:
    """Run the client as a fork that has its imports; test_client_program.py has the new process."""

    def run(
        args: Iterable[str | Path], environment: Mapping[str, str], given: str, cwd: Path
    ) -> Ran:
        with pytest.MonkeyPatch.context() as patch:
            for name in os.environ.keys() - environment.keys():
                patch.delenv(name)
            ran = run_cli("vox-telemetry", *args, env=environment, input=given, cwd=cwd)
        return Ran(ran.code, ran.out, ran.err)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client_program, "run", run)
        yield


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
