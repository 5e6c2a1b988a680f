"""The console's turn at the database: read only, bounded in time, and few at a time.

Ingest uses the same pool. So at most CONSOLE_READS_MAX_COUNT pages of a worker read at once, the
others wait, and a page that had to wait or read too long is answered with words.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from vox_telemetry_sink.console.admin_figures import AdminFigures, Administrator
from vox_telemetry_sink.console.viewer_figures import KAnonymousFigures
from vox_telemetry_sink.database import QUERIES, Connection, Pool, mapped_driver_errors
from vox_telemetry_sink.errors import ConsoleRefusalError, StoreError
from vox_telemetry_sink.logs import described, log
from vox_telemetry_spec.limits import (
    CONSOLE_PAGE_DEADLINE_S,
    CONSOLE_READS_MAX_COUNT,
    CONSOLE_STATEMENT_DEADLINE_MS,
    OVERLOAD_RETRY_AFTER_S,
)


class Reads:
    """Where the pages of one worker get their figures."""

    def __init__(
        self,
        pool: Pool,
        *,
        statement_deadline_ms: int = CONSOLE_STATEMENT_DEADLINE_MS,
        page_deadline_s: float = CONSOLE_PAGE_DEADLINE_S,
    ) -> None:
        """Read with connections of `pool`."""
        self._pool = pool
        self._statement_deadline_ms = statement_deadline_ms
        self._page_deadline_s = page_deadline_s
        self._turns = asyncio.Semaphore(CONSOLE_READS_MAX_COUNT)

    @asynccontextmanager
    async def for_admin(self, who: Administrator) -> AsyncIterator[AdminFigures]:
        """Hold the figures that an administrator may see, all of one moment.

        Raises:
            ConsoleRefusalError: they could not be read in time (503).

        """
        async with self._reading() as connection:
            yield AdminFigures(connection, who)

    @asynccontextmanager
    async def for_viewer(self) -> AsyncIterator[KAnonymousFigures]:
        """Hold the figures that everybody who is signed in may see, all of one moment.

        Raises:
            ConsoleRefusalError: they could not be read in time (503).

        """
        async with self._reading() as connection:
            yield KAnonymousFigures(connection)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Connection]:
        try:
            async with asyncio.timeout(self._page_deadline_s), self._turns:
                with mapped_driver_errors():
                    async with (
                        self._pool.acquire() as connection,
                        connection.transaction(isolation="repeatable_read", readonly=True),
                    ):
                        limit = str(self._statement_deadline_ms)
                        await connection.execute(QUERIES["limit_statements"], limit)
                        yield connection
        except TimeoutError as exc:
            raise _not_now("took too long, or had to wait for others too long") from exc
        except StoreError as exc:
            log().warning("console-not-read", error=described(exc))
            raise _not_now("could not be read: the database is away, busy or too slow") from exc


def _not_now(why: str) -> ConsoleRefusalError:
    return ConsoleRefusalError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"The figures of this page {why}. Uploads go on as they can. Try again in a while, with "
        "fewer days if this page has that filter.",
        headers={"retry-after": str(OVERLOAD_RETRY_AFTER_S)},
    )
