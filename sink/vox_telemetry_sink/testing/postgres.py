"""A Postgres for a run of tests, and a migrated database in it for each test that needs one."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from vox_telemetry_sink.database import mapped_driver_errors, migrate, operator_connection

T = TypeVar("T")


@dataclass(frozen=True)
class PostgresServer:
    """A server: what it is, how to administer it, and the role that owns the tests' databases."""

    label: str
    admin_dsn: str
    owner_dsn: str

    def dsn(self, database: str) -> str:
        """Return the DSN of a database for the role that owns it."""
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


@dataclass(frozen=True)
class TelemetryPostgres:
    """The Postgres of this run: `label` says which one it is.

    `template` is a migrated database, to be cloned and never connected to.
    """

    server: PostgresServer
    template: str

    @property
    def label(self) -> str:
        """Which Postgres this is, as the terminal summary says it."""
        return self.server.label

    @contextmanager
    def database(self) -> Iterator[str]:
        """Give a migrated database for the length of a block; its URL."""
        with self.server.fresh_database(template=self.template) as dsn:
            yield dsn


@contextmanager
def migrated_template(server: PostgresServer) -> Iterator[str]:
    """Create a database, migrate it as the sink does, yield its name to clone from; drop it."""
    with server.fresh_database() as dsn:
        in_own_loop(lambda: migrate(dsn))
        yield urlsplit(dsn).path.removeprefix("/")


def with_database(dsn: str, database: str) -> str:
    """Return the same DSN for another database of the server."""
    parts = urlsplit(dsn)
    return f"{parts.scheme}://{parts.netloc}/{database}" + (f"?{parts.query}" * bool(parts.query))


def with_settings(dsn: str, settings: str) -> str:
    """Return the same DSN with settings more, written as in its query."""
    return f"{dsn}{'&' if urlsplit(dsn).query else '?'}{settings}"


def in_own_loop(make: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine to its end in a thread of its own, so the test's event loop is untouched."""

    async def awaited() -> T:
        return await make()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(awaited())).result()


async def _execute(dsn: str, statements: tuple[str, ...]) -> None:
    async with operator_connection(dsn) as connection:
        for statement in statements:
            with mapped_driver_errors():
                await connection.execute(statement)


async def _current_user(dsn: str) -> str:
    async with operator_connection(dsn) as connection:
        return str(await connection.fetchval("SELECT current_user"))
