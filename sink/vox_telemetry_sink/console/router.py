"""The console's table of contents: each page by its verb, and who may see it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Router
from litestar.di import Provide

from vox_telemetry_sink.console.actions import approve, approve_page, revoke, revoke_page
from vox_telemetry_sink.console.failures import CONSOLE_EXCEPTION_HANDLERS
from vox_telemetry_sink.console.families import families, families_csv
from vox_telemetry_sink.console.health_page import health, live
from vox_telemetry_sink.console.held import held_console, held_reads
from vox_telemetry_sink.console.keys_page import key, key_csv, keys, keys_csv
from vox_telemetry_sink.console.overview import overview, overview_csv
from vox_telemetry_sink.console.places import CONSOLE_PATH
from vox_telemetry_sink.console.rejections_page import rejections, rejections_csv, rules_csv
from vox_telemetry_sink.console.sign_in import sign_in, sign_in_page, sign_out
from vox_telemetry_sink.console.static_files import static_file
from vox_telemetry_sink.console.storage import storage, storage_csv

FOR_EVERYBODY: Final = (sign_in_page, sign_in, sign_out, static_file)
# What a viewer sees of these is k-anonymous.
FOR_BOTH_ROLES: Final = (overview, overview_csv, families, families_csv, rejections, rules_csv)
FIGURES_FOR_ADMINS: Final = (
    *(keys, keys_csv, key, key_csv, rejections_csv),
    *(storage, storage_csv, health, live),
)
ACTIONS_OF_ADMINS: Final = (approve_page, approve, revoke_page, revoke)


def utc_now() -> datetime:
    """Return the time of this moment."""
    return datetime.now(UTC)


def console_router(who: Callable[..., Any], clock: Callable[[], datetime] = utc_now) -> Router:
    """Return the console; `who` tells from a request which `Visitor` it is."""
    return Router(
        CONSOLE_PATH,
        route_handlers=[
            *FOR_EVERYBODY,
            *FOR_BOTH_ROLES,
            *FIGURES_FOR_ADMINS,
            *ACTIONS_OF_ADMINS,
        ],
        dependencies={
            "visitor": Provide(who),
            "console": Provide(held_console, sync_to_thread=False),
            "reads": Provide(held_reads, sync_to_thread=False),
            "now": Provide(clock, sync_to_thread=False),
        },
        exception_handlers=CONSOLE_EXCEPTION_HANDLERS,
        include_in_schema=False,
    )
