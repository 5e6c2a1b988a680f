"""GET /console/families: the stored events by family and day."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.response import Template

from vox_telemetry_sink.console.admin_figures import Administrator
from vox_telemetry_sink.console.answers import csv
from vox_telemetry_sink.console.charts import Series, bars, spark
from vox_telemetry_sink.console.filters import DAYS, FamiliesFilter, query_of, read_filter
from vox_telemetry_sink.console.page import page
from vox_telemetry_sink.console.reads import Reads
from vox_telemetry_sink.console.rows import FamilySum
from vox_telemetry_sink.console.sheet import Sheet
from vox_telemetry_sink.console.visitor import Visitor
from vox_telemetry_sink.console.windows import Window
from vox_telemetry_sink.console.words import plural
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.taxonomy import TransmissionClass

# What may be uploaded, by name; a family of another version's registry is shown without its words.
REGISTRY: Final = {
    family.family: family
    for family in Registry.load().families
    if family.transmission_class is TransmissionClass.APPROVED_USAGE_UPLOAD
}


@get("/families")
async def families(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    reads: NamedDependency[Reads],
    now: NamedDependency[datetime],
) -> Template:
    """Show the families, of k-anonymous groups to a viewer."""
    chosen = read_filter(request.query_params.multi_items(), FamiliesFilter)
    window = Window.of(now, chosen.days)
    found, k_keys = await _found(visitor, reads, window, chosen)
    every_day = window.every_day()
    values = [sum(each.by_day[index] for each in found) for index in range(window.days)]
    highest = max((max(each.by_day) for each in found), default=0)
    sparks = {each.family: spark(f"{each.family} by day", each.by_day, highest) for each in found}
    series = Series("series-accepted", "events", values, hides=k_keys is not None)
    title = f"Stored events by day{f' of family {chosen.family}' if chosen.family else ''}"
    return page(
        "families.html",
        visitor,
        chosen=chosen,
        query=query_of(chosen),
        window=window,
        all_days=DAYS,
        all_families=sorted({*REGISTRY, *(each.family for each in found)}),
        found=found,
        total=sum(values),
        registry=REGISTRY,
        sparks=sparks,
        by_day=list(zip(every_day, values, strict=True)),
        chart=bars(title, every_day, [series], "families"),
        said=plural(len(found), "family", "families"),
        k_keys=k_keys,
    )


@get("/families.csv")
async def families_csv(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    reads: NamedDependency[Reads],
    now: NamedDependency[datetime],
) -> Response[bytes]:
    """Give a row for each day and family that has events."""
    chosen = read_filter(request.query_params.multi_items(), FamiliesFilter)
    window = Window.of(now, chosen.days)
    found, _ = await _found(visitor, reads, window, chosen)
    return csv(families_sheet(found, window))


def families_sheet(found: Sequence[FamilySum], window: Window) -> Sheet:
    """Return the families as rows."""
    rows = [
        (day, each.family, *_words(each.family), events)
        for each in found
        for day, events in zip(window.every_day(), each.by_day, strict=True)
        if events
    ]
    return Sheet("families", ("day", "family", "metric_type", "sensitivity", "events"), rows)


def _words(family: str) -> tuple[str | None, str | None]:
    known = REGISTRY.get(family)
    return (None, None) if known is None else (known.metric_type, known.sensitivity_class.value)


async def _found(
    visitor: Visitor, reads: Reads, window: Window, chosen: FamiliesFilter
) -> tuple[list[FamilySum], int | None]:
    """Return the families and, for a viewer, k."""
    if visitor.is_admin:
        async with reads.for_admin(Administrator(visitor)) as figures:
            return await figures.families(window, chosen.family or None), None
    async with reads.for_viewer() as k_anonymous:
        found = await k_anonymous.families(window, chosen.family or None)
        return found, await k_anonymous.k_keys()
