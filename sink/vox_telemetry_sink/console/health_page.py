"""GET /console/health and /console/live: is the sink well, and what does it do now."""

import time
from datetime import datetime
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Template

from vox_telemetry_sink.console.admin_figures import Administrator
from vox_telemetry_sink.console.filters import NoFilter, read_filter
from vox_telemetry_sink.console.held import Console
from vox_telemetry_sink.console.load import RecentLoad, Shown
from vox_telemetry_sink.console.page import page
from vox_telemetry_sink.console.visitor import Visitor
from vox_telemetry_sink.console.words import milliseconds, number, size
from vox_telemetry_sink.health import JSON, checks_of
from vox_telemetry_sink.ingest import Sink
from vox_telemetry_sink.metrics_load import read_load
from vox_telemetry_sink.shown import shown
from vox_telemetry_spec.contract_version import CONTRACT_VERSION
from vox_telemetry_spec.limits import CONSOLE_LIVE_INTERVAL_S


class Live(msgspec.Struct, frozen=True):
    """What the page writes into itself every CONSOLE_LIVE_INTERVAL_S, as words."""

    whose: str
    queue_batches: str
    queue_bytes: str
    in_flight: str
    pool: str
    commit_time: str
    check_time: str
    since: str


@get("/health")
async def health(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    sink: NamedDependency[Sink],
    console: NamedDependency[Console],
    now: NamedDependency[datetime],
) -> Template:
    """Show the health, for administrators; without a database nobody is let in: ask /readyz."""
    Administrator(visitor)
    read_filter(request.query_params.multi_items(), NoFilter)
    return page(
        "health.html",
        visitor,
        checks=await checks_of(sink),
        program_version=version("vox-telemetry"),
        contract_version=CONTRACT_VERSION,
        receipt_key_id=sink.receipt_key and sink.receipt_key.public.key_id,
        workers=sink.config.workers,
        settings=shown(sink.config, {}),
        live=_live(sink, console.recent),
        interval_s=CONSOLE_LIVE_INTERVAL_S,
        now=now,
    )


@get("/live", media_type=JSON)
async def live(
    visitor: NamedDependency[Visitor],
    sink: NamedDependency[Sink],
    console: NamedDependency[Console],
) -> Live:
    """Give the load of this moment, for administrators."""
    Administrator(visitor)
    return _live(sink, console.recent)


def _live(sink: Sink, recent: RecentLoad) -> Live:
    return in_words(recent.shown(read_load(), time.monotonic()), sink.config.workers)


def in_words(found: Shown, workers: int) -> Live:
    """Return the load as the page shows it."""
    load = found.load
    since = "since the start" if found.over_s is None else f"of the last {found.over_s:.0f} s"
    return Live(
        whose=_whose(workers, of_all=load.of_all),
        queue_batches=number(load.queue_batches),
        queue_bytes=size(load.queue_bytes),
        in_flight=number(load.in_flight),
        pool=f"{load.pool_busy} busy, {load.pool_idle} idle",
        commit_time=milliseconds(found.commit_s),
        check_time=milliseconds(found.check_s),
        since=since,
    )


def _whose(workers: int, *, of_all: bool) -> str:
    if workers == 1:
        return "the one worker of this sink"
    if of_all:
        return f"all {workers} workers of this sink together"
    return f"this worker, one of {workers}; with VOX_SINK_METRICS_LISTEN set it would be all"
