"""GET /console/keys and /console/keys/<key_id>: who may upload, and what each sent lately."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from vox_telemetry_sink.console.admin_figures import KEY_DAYS, Administrator
from vox_telemetry_sink.console.answers import csv
from vox_telemetry_sink.console.filters import (
    KEY_STATES,
    KeysFilter,
    NoFilter,
    RejectionsFilter,
    query_of,
    read_filter,
)
from vox_telemetry_sink.console.outcomes import outcomes_chart, outcomes_sheet
from vox_telemetry_sink.console.page import page
from vox_telemetry_sink.console.reads import Reads
from vox_telemetry_sink.console.rows import KeyFigures, events_of, sums
from vox_telemetry_sink.console.sheet import Sheet
from vox_telemetry_sink.console.visitor import Visitor
from vox_telemetry_sink.console.windows import Window
from vox_telemetry_sink.errors import ConsoleRefusalError
from vox_telemetry_spec.limits import CONSOLE_FILTER_MAX_CHARS, CONSOLE_ROWS_MAX_COUNT

_NEWEST: Final = 10
_HEADER: Final = (
    "key_id",
    "name",
    "state",
    "max_sensitivity",
    "families",
    "enrolled_at",
    "not_before",
    "not_after",
    "revoked_at",
    "last_seen",
    "versions",
    "batches_30_days",
    "events_30_days",
    "rejected_batches_30_days",
)


@get("/keys")
async def keys(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    reads: NamedDependency[Reads],
    now: NamedDependency[datetime],
) -> Template:
    """Show the keys, for administrators."""
    chosen, found = await _found(request, visitor, reads, now)
    matched = matching(found, chosen)
    return page(
        "keys.html",
        visitor,
        chosen=chosen,
        query=query_of(chosen),
        states=KEY_STATES,
        text_max_chars=CONSOLE_FILTER_MAX_CHARS,
        keys=matched[:CONSOLE_ROWS_MAX_COUNT],
        matching_count=len(matched),
        all_count=len(found),
    )


@get("/keys.csv")
async def keys_csv(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    reads: NamedDependency[Reads],
    now: NamedDependency[datetime],
) -> Response[bytes]:
    """Give the same keys."""
    chosen, found = await _found(request, visitor, reads, now)
    return csv(keys_sheet(matching(found, chosen)))


@get("/keys/{key_id:str}")
async def key(
    request: Request[Any, Any, Any],
    key_id: FromPath[str],
    visitor: NamedDependency[Visitor],
    reads: NamedDependency[Reads],
    now: NamedDependency[datetime],
) -> Template:
    """Show one key: its days, its families and its rejections."""
    who, window = Administrator(visitor), Window.of(now, KEY_DAYS)
    read_filter(request.query_params.multi_items(), NoFilter)
    async with reads.for_admin(who) as figures:
        one = _the_one(await figures.keys(now, key_id))
        days = await figures.days(window, key_id)
        families = await figures.families(window, None, key_id)
        rejections = await figures.rejections(window, RejectionsFilter(key=key_id), _NEWEST)
    return page(
        "key.html",
        visitor,
        one=one,
        days=days,
        total=sums(days),
        chart=outcomes_chart(events_of(days)),
        families=families,
        rejections=rejections,
    )


@get("/keys/{key_id:str}/days.csv")
async def key_csv(
    request: Request[Any, Any, Any],
    key_id: FromPath[str],
    visitor: NamedDependency[Visitor],
    reads: NamedDependency[Reads],
    now: NamedDependency[datetime],
) -> Response[bytes]:
    """Give the days of one key."""
    who = Administrator(visitor)
    read_filter(request.query_params.multi_items(), NoFilter)
    async with reads.for_admin(who) as figures:
        _the_one(await figures.keys(now, key_id))
        days = await figures.days(Window.of(now, KEY_DAYS), key_id)
    return csv(outcomes_sheet("key-days", days))


async def _found(
    request: Request[Any, Any, Any], visitor: Visitor, reads: Reads, now: datetime
) -> tuple[KeysFilter, list[KeyFigures]]:
    """Return what was asked for, and all keys."""
    who = Administrator(visitor)
    chosen = read_filter(request.query_params.multi_items(), KeysFilter)
    async with reads.for_admin(who) as figures:
        return chosen, await figures.keys(now)


def matching(found: Sequence[KeyFigures], chosen: KeysFilter) -> list[KeyFigures]:
    """Return the keys of a state whose name holds a text, in any case, or whose id begins so."""
    text = chosen.text.strip()
    return [
        each
        for each in found
        if chosen.state in ("", each.state)
        and (text.casefold() in each.key.name.casefold() or each.key.key_id.startswith(text))
    ]


def keys_sheet(found: Sequence[KeyFigures]) -> Sheet:
    """Return keys as rows."""
    return Sheet("keys", _HEADER, [_row(each) for each in found])


def _row(each: KeyFigures) -> tuple[str | int | datetime | None, ...]:
    return (
        each.key.key_id,
        each.key.name,
        each.state,
        each.key.max_sensitivity,
        None if each.key.families is None else " ".join(each.key.families),
        each.key.enrolled_at,
        each.key.not_before,
        each.key.not_after,
        each.key.revoked_at,
        each.last_seen,
        " ".join(each.versions),
        each.batches,
        each.events,
        each.rejected,
    )


def _the_one(found: Sequence[KeyFigures]) -> KeyFigures:
    if not found:
        raise ConsoleRefusalError(
            HTTPStatus.NOT_FOUND,
            "No key of this id is enrolled here. The keys page lists them all.",
        )
    return found[0]
