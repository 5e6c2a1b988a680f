"""The outermost layer: each request gets an id, one line in the log, and its place in the metrics.

The line has the problem type, the status and the milliseconds; never a body, an address or a
header's value. A path is named only when it is one of ours.
"""

import re
import secrets
import time
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from vox_telemetry_sink.console.places import CONSOLE_PATH, is_console, normal
from vox_telemetry_sink.logs import bound_request, log
from vox_telemetry_sink.metrics import count_request
from vox_telemetry_sink.problems import raw_problem
from vox_telemetry_sink.protocol import OVER_LIMIT
from vox_telemetry_sink.request_note import note, noting
from vox_telemetry_spec.limits import (
    OVERLOAD_RETRY_AFTER_S,
    REQUEST_ID_MAX_CHARS,
    REQUEST_ID_MIN_CHARS,
)
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.wire import ABOUT_PATH, INGEST_PATH, KEYS_PATH

REQUEST_ID: Final = "x-request-id"
SCHEMA_PATH: Final = "/schema/openapi.json"
ROUTES: Final = (INGEST_PATH, KEYS_PATH, ABOUT_PATH, "/livez", "/readyz", SCHEMA_PATH)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER: Final = "other"
# A foreign id ends in our log and our answer, so it is taken only when it can be nothing else.
_WELL_FORMED: Final = re.compile(
    rb"[A-Za-z0-9._-]{%d,%d}" % (REQUEST_ID_MIN_CHARS, REQUEST_ID_MAX_CHARS)
)


class Front:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp) -> None:
        """Pass requests on to `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the application's life."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        with bound_request(request_id), noting() as about:

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    about.status = message["status"]
                    named = (REQUEST_ID.encode(), request_id.encode())
                    message["headers"] = [*message["headers"], named]
                await send(message)

            began_s = time.monotonic()
            try:
                await self._handle(scope, receive, sending)
            finally:
                spent_s = time.monotonic() - began_s
                route, method = _route(scope), _method(scope)
                count_request(route, about.status, spent_s)
                log().info(
                    about.event,
                    **about.fields,
                    method=method,
                    route=route,
                    status=about.status,
                    ms=round(spent_s * 1000, 1),
                )

    async def _handle(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        if OVER_LIMIT not in scope.get("state", {}):
            await self._app(scope, receive, send)
            return
        problem = ProblemType.OVERLOADED
        note("refused", problem=problem.slug)
        body, headers = raw_problem(problem, "too many connections are open: try again later")
        wait = (b"retry-after", str(OVERLOAD_RETRY_AFTER_S).encode())
        await send(
            {
                "type": "http.response.start",
                "status": problem.status,
                "headers": [*headers, wait, (b"connection", b"close")],
            }
        )
        await send({"type": "http.response.body", "body": body, "more_body": False})


def _request_id(scope: HTTPScope) -> str:
    """Return the id that a proxy gave this request if there is exactly one good one, else ours."""
    given = [value for name, value in scope["headers"] if name == REQUEST_ID.encode()]
    if len(given) == 1 and _WELL_FORMED.fullmatch(given[0]):
        return given[0].decode()
    return secrets.token_hex(16)


def _route(scope: HTTPScope) -> str:
    if is_console(normal(scope["path"])):
        return CONSOLE_PATH  # the pages together: their paths hold key ids
    return scope["path"] if scope["path"] in ROUTES else _OTHER


def _method(scope: HTTPScope) -> str:
    return scope["method"] if scope["method"] in _METHODS else _OTHER
