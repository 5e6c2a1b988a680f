"""A Postgres container of a test's own, to be restarted, paused, killed and filled up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from support import containers
from support.postgres import PostgresServer, in_own_loop
from support.waiting import wait_for
from support.world import free_port
from vox_telemetry_sink.database import migrate
from vox_telemetry_sink.testing.servers import server_with_role

SMALL_DISK = "/small"
SMALL_DISK_BYTES = 32_000_000


@dataclass(frozen=True)
class OwnPostgres:
    """The container and the server in it. Its data lie on disk and outlive what is done to it."""

    container: Any
    server: PostgresServer

    def restart(self) -> None:
        """Stop it as an operator does (SIGTERM to the postmaster, then wait) and start it."""
        self.container.restart(timeout=10)
        self.wait_until_it_answers()

    def pause(self) -> None:
        """Freeze every process of it: connections stay open and nothing answers."""
        self.container.pause()

    def unpause(self) -> None:
        self.container.unpause()

    def kill(self) -> None:
        """Kill every process of it at once; it is down until `start`."""
        self.container.kill("SIGKILL")

    def start(self) -> None:
        self.container.start()
        self.wait_until_it_answers()

    def run(self, *command: str) -> int:
        """Run a program inside, as root; give its exit code."""
        return int(self.container.exec_run(list(command), user="root").exit_code)

    def wait_until_it_answers(self) -> None:
        wait_for(lambda: in_own_loop(lambda: _answers(self.server.admin_dsn)))

    @contextmanager
    def migrated_database(self) -> Iterator[str]:
        """Create and migrate a database, yield the DSN of its owner, drop it."""
        with self.server.fresh_database() as dsn:
            in_own_loop(lambda: migrate(dsn))
            yield dsn


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """Start one; beside its data it has a small disk at SMALL_DISK."""
    port = free_port()
    with containers.postgres_container(
        host_port=port, tmpfs={SMALL_DISK: f"size={SMALL_DISK_BYTES},mode=1777"}
    ) as started:
        server = server_with_role("own container", started.get_connection_url())
        yield OwnPostgres(started.get_wrapped_container(), server)


async def _answers(dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn, timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    await connection.close()
    return True
