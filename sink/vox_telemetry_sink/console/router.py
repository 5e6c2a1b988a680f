"""The console's table of contents: each page by its verb, and who may see it."""

from collections.abc import Callable
from typing import Any

from litestar import Router
from litestar.di import Provide

CONSOLE_PATH = "/console"


def console_router(who: Callable[..., Any]) -> Router:
    """Return the console; `who` tells from a request which `Visitor` it is."""
    return Router(
        CONSOLE_PATH,
        route_handlers=[],
        dependencies={"visitor": Provide(who)},
        include_in_schema=False,
    )
