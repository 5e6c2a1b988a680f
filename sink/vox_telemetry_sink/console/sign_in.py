"""Signing in by a token, and signing out."""

import secrets
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from vox_telemetry_sink.console.form import read_form
from vox_telemetry_sink.console.held import Console
from vox_telemetry_sink.console.page import page
from vox_telemetry_sink.console.places import CONSOLE_PATH, SIGN_IN_PATH, safe_next
from vox_telemetry_sink.console.sessions import csrf_token, is_secret
from vox_telemetry_sink.console.tokens import ConsoleToken, KnownToken, opens, read_token
from vox_telemetry_sink.console.visitor import Visitor
from vox_telemetry_sink.console.who import SESSION_COOKIE, visitor_of
from vox_telemetry_sink.errors import ConsoleRefusalError
from vox_telemetry_sink.request_note import note
from vox_telemetry_spec.limits import CONSOLE_SECRET_BYTES

# Nobody is signed in yet, so the form is bound to a cookie of its own: else another site could sign
# a browser in as somebody else (OWASP CSRF Prevention Cheat Sheet, "login CSRF").
FORM_COOKIE: Final = "__Host-vox-console-form"
_STRANGERS: Final = "strangers"
_WRONG: Final = "This token opens nothing: it is mistyped, has expired, or was revoked."


@get("/sign-in")
async def sign_in_page(request: Request[Any, Any, Any]) -> Template | Redirect:
    """Ask for a token; whoever is signed in goes on."""
    wanted = safe_next(request.query_params.get("next", CONSOLE_PATH))
    if visitor_of(request) is not None:
        return Redirect(wanted, status_code=HTTP_303_SEE_OTHER)
    return _asking(_form_secret(request) or secrets.token_hex(CONSOLE_SECRET_BYTES), wanted)


@post("/sign-in", request_max_body_size=None)
async def sign_in(
    request: Request[Any, Any, Any], console: NamedDependency[Console]
) -> Template | Redirect:
    """Open a session for a good token; every other one gets the same answer."""
    form_secret = _form_secret(request)
    if form_secret is None:
        raise ConsoleRefusalError(
            HTTPStatus.FORBIDDEN,
            "The cookie of the sign-in page did not come back. Let this address set cookies, use "
            "https or 127.0.0.1, and open the sign-in page again.",
        )
    form = await read_form(request, csrf_token(form_secret))
    now = datetime.now(UTC)
    token = read_token(form.get("token", ""))
    known = None if token is None else await console.tokens.find(token.token_id, now=now)
    _limit_rate(console, token, known)
    wanted = safe_next(form.get("next", ""))
    if token is None or known is None or not opens(token, known):
        return await _refused(console, token, known, _asking(form_secret, wanted, problem=_WRONG))
    note("signed-in", token=known.name, ok=True)
    await _end_session(request, console)
    session_id = await console.sessions.begin(token.token_id, known.name, now=now)
    answer = Redirect(wanted, status_code=HTTP_303_SEE_OTHER)
    answer.set_cookie(_cookie(SESSION_COOKIE, session_id))
    answer.set_cookie(_cookie(FORM_COOKIE, "", max_age=0))
    return answer


@post("/sign-out", request_max_body_size=None)
async def sign_out(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    console: NamedDependency[Console],
) -> Redirect:
    """End the session."""
    await read_form(request, visitor.csrf_token)
    await _end_session(request, console)
    note("signed-out", token=visitor.name)
    answer = Redirect(SIGN_IN_PATH, status_code=HTTP_303_SEE_OTHER)
    answer.set_cookie(_cookie(SESSION_COOKIE, "", max_age=0))
    return answer


def _limit_rate(console: Console, token: ConsoleToken | None, known: KnownToken | None) -> None:
    """Count this try: for its token if there is such a one, else for all strangers together.

    So that strangers who try at random cannot keep the owner of a token out. No address is known:
    a proxy's headers are not believed, and nobody's is wanted.

    Raises:
        ConsoleRefusalError: too many (429).

    """
    bucket = _STRANGERS if token is None or known is None else token.token_id
    permit = console.limiter.take(bucket, now_s=time.monotonic())
    if not permit.allowed:
        raise ConsoleRefusalError(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"There were too many tries to sign in. Wait {permit.retry_after_s} seconds, then try "
            "again.",
            headers={**permit.headers, "retry-after": str(permit.retry_after_s)},
        )


async def _refused(
    console: Console, token: ConsoleToken | None, known: KnownToken | None, answer: Template
) -> Template:
    note("signed-in", token=None if known is None else known.name, ok=False)
    if token is not None and known is not None:  # strangers could fill admin_log
        await console.tokens.keep_refusal(token.token_id, known.name)
    return answer


def _asking(form_secret: str, wanted: str, *, problem: str = "") -> Template:
    shown = page(
        "sign_in.html", None, csrf_token=csrf_token(form_secret), next=wanted, problem=problem
    )
    if problem:
        shown.status_code = HTTPStatus.FORBIDDEN
    shown.set_cookie(_cookie(FORM_COOKIE, form_secret))
    return shown


def _form_secret(request: Request[Any, Any, Any]) -> str | None:
    presented = request.cookies.get(FORM_COOKIE, "")
    return presented if is_secret(presented) else None


async def _end_session(request: Request[Any, Any, Any], console: Console) -> None:
    presented = request.cookies.get(SESSION_COOKIE, "")
    if is_secret(presented):
        await console.sessions.end(presented)


def _cookie(name: str, value: str, *, max_age: int | None = None) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        path="/",
        max_age=max_age,
        secure=True,
        httponly=True,
        samesite="strict",
    )
