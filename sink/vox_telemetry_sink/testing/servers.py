"""Which Postgres a run takes: the one that was asked for by name, else the best that there is."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final
from urllib.parse import urlsplit

from vox_telemetry_sink.database_url import is_postgres_url
from vox_telemetry_sink.errors import MigrationError, StoreError
from vox_telemetry_sink.testing import containers
from vox_telemetry_sink.testing.environment import of_a_server
from vox_telemetry_sink.testing.errors import NoPostgresError
from vox_telemetry_sink.testing.postgres import (
    PostgresServer,
    TelemetryPostgres,
    migrated_template,
    with_database,
    with_settings,
)
from vox_telemetry_sink.testing.processes import Child

CHOICES: Final = "auto, container, embedded or postgresql://USER@HOST/NAME"
ROLE: Final = "vox"
# What a machine's PGSSLMODE and PGTARGETSESSIONATTRS would say otherwise: they are not about these.
_PINNED: Final = "sslmode=disable&target_session_attrs=any"


@contextmanager
def chosen_postgres(choice: str) -> Iterator[TelemetryPostgres]:
    """Run the Postgres that was chosen, with a migrated database to clone from.

    Raises:
        NoPostgresError: it cannot be had; another is taken only where the choice is `auto`.

    """
    with _server(choice) as server:
        try:
            with migrated_template(server) as template:
                yield TelemetryPostgres(server, template)
        except (MigrationError, StoreError) as exc:
            raise NoPostgresError(f"the Postgres ({server.label}) cannot be used: {exc}") from exc


@contextmanager
def _server(choice: str) -> Iterator[PostgresServer]:
    if choice == "container" or (choice == "auto" and containers.engine_answers()):
        with _in_container() as server:
            yield server
    elif choice in ("auto", "embedded"):
        with embedded_postgres() as server:
            yield server
    elif is_postgres_url(choice):
        yield PostgresServer("the server that was named", choice, choice)
    else:  # not repeated: what was meant as a URL may hold a password
        raise NoPostgresError(f"--telemetry-postgres is none of {CHOICES}")


@contextmanager
def _in_container() -> Iterator[PostgresServer]:
    if not containers.engine_answers():
        raise NoPostgresError(
            "--telemetry-postgres=container, and no Docker engine answers: start one, or choose "
            "another of " + CHOICES
        )
    with containers.postgres_container() as url:
        try:
            server = server_with_role(f"container {containers.POSTGRES_IMAGE}", url)
        except StoreError as exc:
            raise NoPostgresError(
                f"the container's Postgres cannot be reached at {urlsplit(url).hostname}: {exc}; "
                "set TESTCONTAINERS_HOST_OVERRIDE to the address at which the engine's ports are "
                "open, or choose another Postgres by --telemetry-postgres"
            ) from exc
        yield server


def server_with_role(label: str, admin_dsn: str) -> PostgresServer:
    """Make the role that owns databases: as in production, the sink's role is no superuser."""
    mine, theirs = (f"//{name}:{name}@" for name in (containers.ADMINISTRATOR, ROLE))
    admin_dsn = with_settings(admin_dsn, _PINNED)
    server = PostgresServer(label, admin_dsn, with_database(admin_dsn.replace(mine, theirs), ROLE))
    server.administer(
        f"CREATE ROLE {ROLE} LOGIN PASSWORD '{ROLE}'", f"CREATE DATABASE {ROLE} OWNER {ROLE}"
    )
    return server


@contextmanager
def embedded_postgres() -> Iterator[PostgresServer]:
    """Run an embedded Postgres in a process that ends with this one.

    Raises:
        NoPostgresError: it is not installed.
        PluginError: it does not start.

    """
    # Another extra, which refuses to load on Windows.
    from vox_telemetry_sink.embedded import EmbeddedPostgresError  # noqa: PLC0415 -- as said
    from vox_telemetry_sink.embedded.binaries import find_binaries  # noqa: PLC0415 -- likewise

    try:
        find_binaries()
    except EmbeddedPostgresError as exc:
        raise NoPostgresError(f"there is no Postgres for these tests: {exc}") from exc
    folder = Path(mkdtemp(prefix="vox-test-"))
    ready = folder / "ready"
    child = Child(
        "vox_telemetry_sink.testing.embedded_server",
        *(str(folder), str(ready)),
        environment=of_a_server(),
        cwd=folder.parent,
        log=folder / "log",
    )
    try:
        child.wait_until(ready.exists)
        dsn = with_settings(ready.read_text(encoding="utf-8"), _PINNED)
        # The role `vox` may not create databases; the administrator is the server's own user.
        admin_dsn = with_database(dsn.replace(f"user={ROLE}", "user=postgres"), "postgres")
        yield PostgresServer("embedded", admin_dsn, dsn)
    finally:
        child.end()
        shutil.rmtree(folder, ignore_errors=True)  # there still if the server did not start
