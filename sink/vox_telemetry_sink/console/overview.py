"""GET /console: today and the last 30 days at a glance, and what needs attention."""

from datetime import datetime
from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.response import Template

from vox_telemetry_sink.console.admin_figures import Administrator
from vox_telemetry_sink.console.answers import csv
from vox_telemetry_sink.console.attention import needs_attention
from vox_telemetry_sink.console.filters import NoFilter, RejectionsFilter, read_filter
from vox_telemetry_sink.console.outcomes import (
    hidden_outcomes_sheet,
    outcomes_chart,
    outcomes_sheet,
)
from vox_telemetry_sink.console.page import page
from vox_telemetry_sink.console.reads import Reads
from vox_telemetry_sink.console.rows import event_sums, events_of, sums
from vox_telemetry_sink.console.visitor import Visitor
from vox_telemetry_sink.console.windows import Window
from vox_telemetry_sink.health import checks_of
from vox_telemetry_sink.ingest import Sink

_DAYS: Final = 30
_NEWEST: Final = 5


@get("/")
async def overview(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    reads: NamedDependency[Reads],
    now: NamedDependency[datetime],
) -> Template:
    """Show the overview that fits the visitor's role."""
    read_filter(request.query_params.multi_items(), NoFilter)
    window, today = Window.of(now, _DAYS), Window.of(now, 1)
    if visitor.is_admin:
        return await _for_admin(visitor, reads, request.app.state.sink, (window, today, now))
    async with reads.for_viewer() as figures:
        days = await figures.days(window)
        families, k_keys = await figures.families(today), await figures.k_keys()
    return page(
        "overview_viewer.html",
        visitor,
        today=days[-1],
        total=event_sums(days),
        days=days,
        chart=outcomes_chart(days, hides=True),
        families=families,
        k_keys=k_keys,
        now=now,
    )


async def _for_admin(
    visitor: Visitor, reads: Reads, sink: Sink, times: tuple[Window, Window, datetime]
) -> Template:
    window, today, now = times
    async with reads.for_admin(Administrator(visitor)) as figures:
        days = await figures.days(window)
        families, keys = await figures.families(today), await figures.keys(now)
        newest = await figures.rejections(window, RejectionsFilter(), _NEWEST)
        holds = await figures.default_holds_events()
    failed = [(check.name, check.message) for check in await checks_of(sink) if not check.ok]
    return page(
        "overview.html",
        visitor,
        today=days[-1],
        total=sums(days),
        days=days,
        chart=outcomes_chart(events_of(days)),
        families=families,
        newest=newest,
        attention=needs_attention(failed, keys, now, default_holds_events=holds),
        has_keys=bool(keys),
        now=now,
    )


@get("/overview.csv")
async def overview_csv(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    reads: NamedDependency[Reads],
    now: NamedDependency[datetime],
) -> Response[bytes]:
    """Give the days of the overview's chart."""
    read_filter(request.query_params.multi_items(), NoFilter)
    window = Window.of(now, _DAYS)
    if visitor.is_admin:
        async with reads.for_admin(Administrator(visitor)) as figures:
            return csv(outcomes_sheet("overview", await figures.days(window)))
    async with reads.for_viewer() as k_anonymous:
        return csv(hidden_outcomes_sheet("overview", await k_anonymous.days(window)))
