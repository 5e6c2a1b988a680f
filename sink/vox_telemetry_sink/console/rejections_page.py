"""GET /console/rejections: what was refused, by problem, rule and place; never a value."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.response import Template

from vox_telemetry_sink.console.admin_figures import Administrator
from vox_telemetry_sink.console.answers import csv
from vox_telemetry_sink.console.filters import (
    DAYS,
    HiddenRejectionsFilter,
    RejectionsFilter,
    query_of,
    read_filter,
)
from vox_telemetry_sink.console.page import page
from vox_telemetry_sink.console.reads import Reads
from vox_telemetry_sink.console.rows import HiddenRule, PlaceSum, RefusedBatch
from vox_telemetry_sink.console.sheet import Sheet
from vox_telemetry_sink.console.visitor import Visitor
from vox_telemetry_sink.console.windows import Window
from vox_telemetry_spec.limits import (
    CONSOLE_NEWEST_MAX_COUNT,
    CONSOLE_ROWS_MAX_COUNT,
    VIOLATIONS_MAX_COUNT,
)

_HEADER: Final = (
    "rejected_at",
    "key_id",
    "key_name",
    "problem",
    "rules",
    "pointers",
    "events",
    "content_sha256",
)


@get("/rejections")
async def rejections(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    reads: NamedDependency[Reads],
    now: NamedDependency[datetime],
) -> Template:
    """Show the rejections, of k-anonymous groups to a viewer."""
    if not visitor.is_admin:
        return await _for_viewer(request, visitor, reads, now)
    chosen = read_filter(request.query_params.multi_items(), RejectionsFilter)
    window = Window.of(now, chosen.days)
    async with reads.for_admin(Administrator(visitor)) as figures:
        problems = await figures.problems(window, chosen)
        places = await figures.places(window, chosen)
        newest = await figures.rejections(window, chosen, CONSOLE_NEWEST_MAX_COUNT)
        all_problems, all_rules = await figures.refused_words(window)
        keys = await figures.refused_keys(window)
    return page(
        "rejections.html",
        visitor,
        chosen=chosen,
        query=query_of(chosen),
        all_days=DAYS,
        all_problems=all_problems,
        all_rules=all_rules,
        keys=keys,
        problems=problems,
        places=places,
        newest=newest,
        most_places=CONSOLE_ROWS_MAX_COUNT,
        most_newest=CONSOLE_NEWEST_MAX_COUNT,
        most_violations=VIOLATIONS_MAX_COUNT,
        window=window,
    )


async def _for_viewer(
    request: Request[Any, Any, Any], visitor: Visitor, reads: Reads, now: datetime
) -> Template:
    chosen = read_filter(request.query_params.multi_items(), HiddenRejectionsFilter)
    window = Window.of(now, chosen.days)
    async with reads.for_viewer() as figures:
        problems = await figures.problems(window, chosen.problem or None)
        rules = await figures.rules(window, chosen.problem or None, chosen.rule or None)
        k_keys = await figures.k_keys()
    return page(
        "rejections_viewer.html",
        visitor,
        chosen=chosen,
        query=query_of(chosen),
        all_days=DAYS,
        problems=problems,
        rules=rules,
        most_violations=VIOLATIONS_MAX_COUNT,
        k_keys=k_keys,
        window=window,
    )


@get("/rejections.csv")
async def rejections_csv(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    reads: NamedDependency[Reads],
    now: NamedDependency[datetime],
) -> Response[bytes]:
    """Give the newest rejections, one by one; for administrators."""
    who = Administrator(visitor)
    chosen = read_filter(request.query_params.multi_items(), RejectionsFilter)
    async with reads.for_admin(who) as figures:
        found = await figures.rejections(
            Window.of(now, chosen.days), chosen, CONSOLE_NEWEST_MAX_COUNT
        )
    return csv(rejections_sheet(found))


@get("/rejections-by-rule.csv")
async def rules_csv(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    reads: NamedDependency[Reads],
    now: NamedDependency[datetime],
) -> Response[bytes]:
    """Give the violations by rule, to an administrator by place as well."""
    pairs = request.query_params.multi_items()
    if visitor.is_admin:
        chosen = read_filter(pairs, RejectionsFilter)
        async with reads.for_admin(Administrator(visitor)) as figures:
            return csv(places_sheet(await figures.places(Window.of(now, chosen.days), chosen)))
    asked = read_filter(pairs, HiddenRejectionsFilter)
    async with reads.for_viewer() as k_anonymous:
        found = await k_anonymous.rules(
            Window.of(now, asked.days), asked.problem or None, asked.rule or None
        )
    return csv(hidden_rules_sheet(found))


def rejections_sheet(found: Sequence[RefusedBatch]) -> Sheet:
    """Return refused batches as rows; rules and pointers are separated by spaces."""
    rows = [
        (
            each.rejected_at,
            each.key_id,
            each.key_name,
            each.problem,
            " ".join(one.rule for one in each.violations),
            " ".join(one.pointer for one in each.violations),
            each.event_count,
            each.content_sha256,
        )
        for each in found
    ]
    return Sheet("rejections", _HEADER, rows)


def places_sheet(found: Sequence[PlaceSum]) -> Sheet:
    """Return places as rows."""
    return Sheet("rejections-by-rule", PlaceSum._fields, found)


def hidden_rules_sheet(found: Sequence[HiddenRule]) -> Sheet:
    """Return what k-anonymity shows as rows."""
    return Sheet("rejections-by-rule", HiddenRule._fields, found)
