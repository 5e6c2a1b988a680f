"""The console's table of contents: each page by its verb, and who may see it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from litestar import Router
from litestar.datastructures import State
from litestar.di import Provide

from vox_telemetry_sink.console.families import families, families_csv
from vox_telemetry_sink.console.health_page import health, live
from vox_telemetry_sink.console.keys_page import key, key_csv, keys, keys_csv
from vox_telemetry_sink.console.load import RecentLoad
from vox_telemetry_sink.console.overview import overview, overview_csv
from vox_telemetry_sink.console.reads import Reads
from vox_telemetry_sink.console.rejections_page import rejections, rejections_csv, rules_csv
from vox_telemetry_sink.console.storage import storage, storage_csv

CONSOLE_PATH = "/console"
# For every role; a viewer's are k-anonymous.
FOR_ALL = (overview, overview_csv, families, families_csv, rejections, rules_csv)
FOR_ADMINS = (keys, keys_csv, key, key_csv, rejections_csv, storage, storage_csv, health, live)


def utc_now() -> datetime:
    """Return the time of this moment."""
    return datetime.now(UTC)


def console_router(
    who: Callable[..., Any], clock: Callable[[], datetime] = utc_now
) -> Router:
    """Return the console; `who` tells from a request which `Visitor` it is."""
    recent = RecentLoad()
    return Router(
        CONSOLE_PATH,
        route_handlers=[*FOR_ALL, *FOR_ADMINS],
        dependencies={
            "visitor": Provide(who),
            "reads": Provide(_held_reads, sync_to_thread=False),
            "recent": Provide(lambda: recent, sync_to_thread=False),
            "now": Provide(clock, sync_to_thread=False),
        },
        include_in_schema=False,
    )


def _held_reads(state: State) -> Reads:
    reads: Reads = state.reads
    return reads
