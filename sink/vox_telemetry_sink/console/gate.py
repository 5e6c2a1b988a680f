"""The only way to the console: each request under /console passes here before Litestar sees it.

Here and not in each page, so that a page that is added later cannot forget it: the name by which
we were reached, which page sent a form, who is signed in, and the headers of every answer.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from litestar import Request
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from vox_telemetry_sink.config import Config
from vox_telemetry_sink.console.failures import NO_SUCH_PAGE, failure_of
from vox_telemetry_sink.console.origins import check_same_origin, own_origins
from vox_telemetry_sink.console.page import failure_page
from vox_telemetry_sink.console.places import (
    is_console,
    is_open,
    is_page,
    is_static,
    normal,
    sign_in_address,
)
from vox_telemetry_sink.console.visitor import Visitor
from vox_telemetry_sink.console.who import SESSION_COOKIE, VISITOR
from vox_telemetry_sink.errors import ConsoleRefusalError, SinkError
from vox_telemetry_sink.receive import combined_fields

if TYPE_CHECKING:
    from vox_telemetry_sink.console.held import Console

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# OWASP HTTP Headers Cheat Sheet. No Strict-Transport-Security: the proxy that ends TLS says that.
_HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_NO_STORE: Final = (b"cache-control", b"no-store")


class Gate:
    """An ASGI application around Litestar's."""

    def __init__(self, app: ASGIApp, state: State, config: Config) -> None:
        """Let pass to `app` what may; its `state` holds the console."""
        self._app = app
        self._state = state
        self._config = config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the application's life."""
        if scope["type"] != ScopeType.HTTP or not is_console(normal(scope["path"])):
            await self._app(scope, receive, send)
            return
        sending = _with_headers(send)
        try:
            self._check(scope)
            away = await self._let_in(scope)
        except SinkError as exc:
            refusal = failure_of(exc)
            headers = {"content-type": "text/html; charset=utf-8", **refusal.headers}
            page = failure_page(refusal.status, refusal.words, None)
            await _answer(sending, refusal.status, headers, page)
            return
        if away is None:
            await self._app(scope, receive, sending)
        else:
            await _answer(sending, HTTPStatus.SEE_OTHER, {"location": away}, b"")

    def _check(self, scope: HTTPScope) -> None:
        fields = combined_fields(scope["headers"])
        origin, authority = self._config.public_origin, self._config.public_authority
        ours = own_origins(fields.get("host", ""), origin, authority)
        check_same_origin(scope["method"], fields, ours)
        # No text of the database holds one, so nothing has such an address.
        if "\0" in scope["path"]:
            raise ConsoleRefusalError(HTTPStatus.NOT_FOUND, NO_SUCH_PAGE)

    async def _let_in(self, scope: HTTPScope) -> str | None:
        """Note who is signed in; return where to send a browser that nobody is signed in with.

        Raises:
            ConsoleRefusalError: nobody is, and a sign-in page is no answer to this request (403).

        """
        path = normal(scope["path"])
        if is_static(path):
            return None  # the page that says that the database is away is drawn with these, too
        visitor = await self._visitor(scope, path)
        scope.setdefault("state", {})[VISITOR] = visitor
        if visitor is not None or is_open(path):
            return None
        if scope["method"] in ("GET", "HEAD") and is_page(path):
            return sign_in_address(path, scope["query_string"].decode("latin-1"))
        # Not 401: that promises a way to sign in by header (RFC 9110 section 15.5.2).
        raise ConsoleRefusalError(
            HTTPStatus.FORBIDDEN, "Nobody is signed in, or no longer; nothing was changed."
        )

    async def _visitor(self, scope: HTTPScope, path: str) -> Visitor | None:
        session_id = Request[Any, Any, Any](scope).cookies.get(SESSION_COOKIE)
        if session_id is None:
            return None
        console: Console = self._state.console
        by_a_person = scope["method"] != "HEAD" and is_page(path) and not is_open(path)
        now = datetime.now(UTC)
        return await console.sessions.find(session_id, now=now, by_a_person=by_a_person)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message["headers"], *_HEADERS]
            if not any(name.lower() == _NO_STORE[0] for name, _ in headers):
                headers.append(_NO_STORE)
            message["headers"] = headers
        await send(message)

    return sending


async def _answer(send: Send, status: HTTPStatus, headers: dict[str, str], body: bytes) -> None:
    named = {**headers, "content-length": str(len(body))}
    await send(
        {
            "type": "http.response.start",
            "status": status.value,
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
