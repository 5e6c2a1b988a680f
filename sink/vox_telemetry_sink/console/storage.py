"""GET /console/storage: where the rows lie, how long they stay, and what would go now."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.response import Template

from vox_telemetry_sink.console.admin_figures import Administrator
from vox_telemetry_sink.console.answers import csv
from vox_telemetry_sink.console.filters import NoFilter, read_filter
from vox_telemetry_sink.console.page import page
from vox_telemetry_sink.console.reads import Reads
from vox_telemetry_sink.console.rows import Partition
from vox_telemetry_sink.console.sheet import Sheet
from vox_telemetry_sink.console.visitor import Visitor
from vox_telemetry_sink.retention import TIME_COLUMNS, limits_of, month_bounds
from vox_telemetry_spec.retention import POLICY_PATH, load_policy


@get("/storage")
async def storage(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    reads: NamedDependency[Reads],
    now: NamedDependency[datetime],
) -> Template:
    """Show the storage, for administrators."""
    who, policy = Administrator(visitor), load_policy()
    read_filter(request.query_params.multi_items(), NoFilter)
    async with reads.for_admin(who) as figures:
        partitions = await figures.partitions()
        shown = {
            "tables": await figures.tables(),
            "database_bytes": await figures.database_bytes(),
            "default_holds_events": await figures.default_holds_events(),
            "migrations": await figures.migrations(),
            "taken": await figures.retention(limits_of(policy, now)),
            "is_on_citus": await figures.is_on_citus(),
        }
    return page(
        "storage.html",
        visitor,
        partitions=[(each, *_bounds(each)) for each in partitions],
        rules={table: policy[table] for table in TIME_COLUMNS if table in policy},
        policy_path=POLICY_PATH,
        **shown,
    )


@get("/storage.csv")
async def storage_csv(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    reads: NamedDependency[Reads],
) -> Response[bytes]:
    """Give the partitions."""
    who = Administrator(visitor)
    read_filter(request.query_params.multi_items(), NoFilter)
    async with reads.for_admin(who) as figures:
        partitions = await figures.partitions()
    rows = [(p.name, *_bounds(p), p.size_bytes, p.rows_estimate) for p in partitions]
    return csv(Sheet("partitions", ("partition", "from", "to", "bytes", "rows_estimate"), rows))


def _bounds(partition: Partition) -> tuple[datetime | None, datetime | None]:
    return (None, None) if partition.month is None else month_bounds(partition.month)
