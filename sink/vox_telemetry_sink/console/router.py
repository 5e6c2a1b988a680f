"""The console's table of contents: each page by its verb, and who may see it."""

from collections.abc import Callable
from typing import Any

from litestar import Router
from litestar.di import Provide

from vox_telemetry_sink.console.actions import approve, approve_page, revoke, revoke_page
from vox_telemetry_sink.console.failures import CONSOLE_EXCEPTION_HANDLERS
from vox_telemetry_sink.console.held import held_console
from vox_telemetry_sink.console.places import CONSOLE_PATH
from vox_telemetry_sink.console.sign_in import sign_in, sign_in_page, sign_out
from vox_telemetry_sink.console.static_files import static_file


def console_router(who: Callable[..., Any]) -> Router:
    """Return the console; `who` tells from a request which `Visitor` it is."""
    return Router(
        CONSOLE_PATH,
        route_handlers=[
            *(sign_in_page, sign_in, sign_out, static_file),  # for everybody
            *(approve_page, approve, revoke_page, revoke),  # for administrators
        ],
        dependencies={
            "visitor": Provide(who),
            "console": Provide(held_console, sync_to_thread=False),
        },
        exception_handlers=CONSOLE_EXCEPTION_HANDLERS,
        include_in_schema=False,
    )
