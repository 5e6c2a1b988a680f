"""HEAD is answered as GET would be, without the content (RFC 9110 section 9.3.2).

Monitors and load balancers ask so by default, and Litestar routes GET alone. One layer, so that a
page that is added later cannot forget it. It lies inside of the console's gate, which sees HEAD:
what a look at a page uses up (a notice, the time till a session is idle) stays.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send


class HeadAsGet:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp) -> None:
        """Ask `app` with GET."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the application's life."""
        if scope["type"] == ScopeType.HTTP and scope["method"] == "HEAD":
            # uvicorn looks at its own scope, and keeps the content back.
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)
