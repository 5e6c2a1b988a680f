"""What an administrator may see: any figure, still no value of an event."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from vox_telemetry_sink import retention_store
from vox_telemetry_sink.citus import is_distributed
from vox_telemetry_sink.console.filters import RejectionsFilter
from vox_telemetry_sink.console.rows import (
    DayCount,
    FamilyDay,
    FamilySum,
    KeyFigures,
    Partition,
    PlaceSum,
    ProblemSum,
    RefusedBatch,
    TableSize,
    by_day,
    by_family,
)
from vox_telemetry_sink.console.visitor import Visitor
from vox_telemetry_sink.console.who import admins_only
from vox_telemetry_sink.console.windows import Window
from vox_telemetry_sink.database import QUERIES, Connection
from vox_telemetry_sink.key_rows import ListedKey
from vox_telemetry_sink.retention import Limits
from vox_telemetry_sink.retention_store import Taken
from vox_telemetry_sink.sql import load_queries
from vox_telemetry_spec.limits import CONSOLE_ROWS_MAX_COUNT, CONSOLE_VERSIONS_MAX_COUNT
from vox_telemetry_spec.violations import Violation

_QUERIES: Final = load_queries("console_admin.sql")
SEEN_WITHIN_DAYS: Final = 90  # how far back a key's last batch and its versions are looked for
KEY_DAYS: Final = 30


@dataclass(frozen=True)
class Administrator:
    """A visitor who may see more than k-anonymous figures; nobody else can be one."""

    visitor: Visitor

    def __post_init__(self) -> None:
        """Refuse every other role.

        Raises:
            ConsoleRefusalError: not an administrator (403).

        """
        admins_only(self.visitor)


class AdminFigures:
    """Figures of any table; only for an `Administrator`."""

    def __init__(self, connection: Connection, who: Administrator) -> None:
        """Read for `who` on a connection that `Reads` has prepared."""
        self._connection = connection
        self._all_keys: list[Any] | None = None
        self.who = who

    async def days(self, window: Window, key_id: str | None = None) -> list[DayCount]:
        """Return what became of each day's uploads, of one key or of all."""
        rows = await self._fetch("days", window.first, window.since, key_id)
        return by_day([(row[0], row[1], row[2], row[3]) for row in rows], window)

    async def families(
        self, window: Window, family: str | None = None, key_id: str | None = None
    ) -> list[FamilySum]:
        """Return the stored events by family."""
        rows = await self._fetch("families", window.since, family, key_id)
        return by_family([FamilyDay(*row) for row in rows], window)

    async def keys(self, now: datetime, key_id: str | None = None) -> list[KeyFigures]:
        """Return the keys with what they sent lately: waiting ones, then those seen last."""
        window = Window.of(now, KEY_DAYS)
        listed = await self._listed(key_id)
        seen_since = now - timedelta(days=SEEN_WITHIN_DAYS)
        activity = await self._fetch(
            "key_activity", seen_since, window.since, key_id, CONSOLE_VERSIONS_MAX_COUNT
        )
        active = {row["key_id"]: row for row in activity}
        refused = {
            row["key_id"]: row
            for row in await self._fetch("key_rejections", seen_since, window.since)
        }
        found = [
            _key_figures(
                ListedKey(*row), active.get(row["key_id"]), refused.get(row["key_id"]), now
            )
            for row in listed
        ]
        return sorted(
            found,
            key=lambda each: (
                each.state != "waiting",
                _never_last(each.last_seen, now),
                each.key.name,
            ),
        )

    async def problems(self, window: Window, chosen: RejectionsFilter) -> list[ProblemSum]:
        """Return the refused batches by problem type, the most first."""
        rows = await self._fetch("rejections_by_problem", *_conditions(window, chosen))
        return [ProblemSum(*row) for row in rows]

    async def places(self, window: Window, chosen: RejectionsFilter) -> list[PlaceSum]:
        """Return the violations by rule and place, at most CONSOLE_ROWS_MAX_COUNT."""
        rows = await self._fetch(
            "rejections_by_place", *_conditions(window, chosen), CONSOLE_ROWS_MAX_COUNT
        )
        return [PlaceSum(*row) for row in rows]

    async def rejections(
        self, window: Window, chosen: RejectionsFilter, at_most: int
    ) -> list[RefusedBatch]:
        """Return refused batches, the newest first."""
        rows = await self._fetch("newest_rejections", *_conditions(window, chosen), at_most)
        names = await self._names()
        return [_refused_batch(row, names) for row in rows]

    async def refused_words(self, window: Window) -> tuple[list[str], list[str]]:
        """Return the problems and the rules that the window's rejections name."""
        rows = await self._fetch("refused_words", window.since)
        problems = {row["problem"] for row in rows}
        return sorted(problems), sorted({row["rule"] for row in rows if row["rule"]})

    async def refused_keys(self, window: Window) -> list[tuple[str, str]]:
        """Return names and ids of the keys with the most rejections, by name."""
        rows = await self._fetch("key_rejections", window.since, window.since)
        most = sorted(rows, key=lambda row: -row["batches"])[:CONSOLE_ROWS_MAX_COUNT]
        names = await self._names()
        return sorted((names.get(row["key_id"], row["key_id"]), row["key_id"]) for row in most)

    async def partitions(self) -> list[Partition]:
        """Return the partitions of `event`, by name."""
        return [Partition(*row) for row in await self._fetch("partitions")]

    async def tables(self) -> list[TableSize]:
        """Return all other tables, the largest first."""
        return [TableSize(*row) for row in await self._fetch("tables")]

    async def database_bytes(self) -> int:
        """Return how much disk the database takes."""
        size: int = await self._connection.fetchval(_QUERIES["database_size"])
        return size

    async def default_holds_events(self) -> bool:
        """Return whether events lie in the default partition, for want of their month's."""
        holds: bool = await self._connection.fetchval(_QUERIES["default_holds_events"])
        return holds

    async def migrations(self) -> list[tuple[str, datetime]]:
        """Return the applied migrations and when each was."""
        rows = await self._fetch("migrations")
        return [(f"{version:04}_{name}", applied_at) for version, name, applied_at in rows]

    async def retention(self, limits: Limits) -> Taken:
        """Return what `retention plan` counts."""
        return await retention_store.plan(self._connection, limits)

    async def is_on_citus(self) -> bool:
        """Return whether the tables lie on a cluster, whose sizes are not those of this node."""
        return await is_distributed(self._connection)

    async def _names(self) -> dict[str, str]:
        return {row["key_id"]: row["name"] for row in await self._listed(None)}

    async def _listed(self, key_id: str | None) -> list[Any]:
        """Return one key, or all of them, read once: all figures of a page are of one moment."""
        if key_id is not None:
            return await self._connection.fetch(QUERIES["list_keys"], key_id)
        if self._all_keys is None:
            self._all_keys = await self._connection.fetch(QUERIES["list_keys"], None)
        return self._all_keys

    async def _fetch(self, name: str, *arguments: object) -> list[Any]:
        return await self._connection.fetch(_QUERIES[name], *arguments)


def _conditions(window: Window, chosen: RejectionsFilter) -> tuple[object, ...]:
    return window.since, chosen.problem or None, chosen.rule or None, chosen.key or None


def _key_figures(
    key: ListedKey,
    active: Any,  # noqa: ANN401 -- a record of the driver, whose type is `database`'s alone
    refused: Any,  # noqa: ANN401 -- as above
    now: datetime,
) -> KeyFigures:
    return KeyFigures(
        key=key,
        state=key.state(now),
        last_seen=max((row["last_seen"] for row in (active, refused) if row), default=None),
        versions=active["versions"] if active else [],
        batches=active["batches"] if active else 0,
        events=active["events"] if active else 0,
        rejected=refused["batches"] if refused else 0,
    )


def _never_last(last_seen: datetime | None, now: datetime) -> timedelta:
    return timedelta.max if last_seen is None else now - last_seen


def _refused_batch(row: Any, names: dict[str, str]) -> RefusedBatch:  # noqa: ANN401 -- as above
    return RefusedBatch(
        row["rejected_at"],
        row["key_id"],
        names.get(row["key_id"]),
        row["problem"],
        msgspec.json.decode(row["violations"], type=list[Violation]),
        row["content_sha256"].hex(),
        row["event_count"],
    )
