"""What a viewer may see: k-anonymous aggregates, read from the views `daily_…` alone."""

from typing import Final

from vox_telemetry_sink.console.rows import (
    DayEvents,
    FamilyDay,
    FamilySum,
    HiddenProblem,
    HiddenRule,
    by_family,
    events_by_day,
)
from vox_telemetry_sink.console.windows import Window
from vox_telemetry_sink.database import Connection
from vox_telemetry_sink.sql import load_queries

_QUERIES: Final = load_queries("console_viewer.sql")


class KAnonymousFigures:
    """Figures in which each group is of k keys or more; nothing here knows a key."""

    def __init__(self, connection: Connection) -> None:
        """Read on a connection that `Reads` has prepared."""
        self._connection = connection

    async def k_keys(self) -> int:
        """Return of how many keys a group must be to be shown."""
        k_keys: int = await self._connection.fetchval(_QUERIES["k_keys"])
        return k_keys

    async def days(self, window: Window) -> list[DayEvents]:
        """Return what became of each day's events, of the groups that are shown."""
        rows = await self._connection.fetch(_QUERIES["days"], window.first)
        return events_by_day([(row[0], row[1], row[2]) for row in rows], window)

    async def families(self, window: Window, family: str | None = None) -> list[FamilySum]:
        """Return the stored events by family."""
        rows = await self._connection.fetch(_QUERIES["families"], window.first, family)
        return by_family([FamilyDay(*row) for row in rows], window)

    async def problems(self, window: Window, problem: str | None = None) -> list[HiddenProblem]:
        """Return the refused batches by problem type."""
        rows = await self._connection.fetch(
            _QUERIES["rejections_by_problem"], window.first, problem
        )
        return [HiddenProblem(*row) for row in rows]

    async def rules(
        self, window: Window, problem: str | None = None, rule: str | None = None
    ) -> list[HiddenRule]:
        """Return the violations by rule."""
        rows = await self._connection.fetch(
            _QUERIES["rejections_by_rule"], window.first, problem, rule
        )
        return [HiddenRule(*row) for row in rows]
