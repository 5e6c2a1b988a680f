"""Who is signed in, for the handlers: the gate has found out before they are called."""

from http import HTTPStatus
from typing import Any, Final

from litestar import Request

from vox_telemetry_sink.console.visitor import Visitor
from vox_telemetry_sink.errors import ConsoleRefusalError

# The prefix is believed only with Secure, Path=/ and no Domain: no other site can set it
# (draft-ietf-httpbis-rfc6265bis, section 4.1.3.2).
SESSION_COOKIE: Final = "__Host-vox-console"
VISITOR: Final = "console_visitor"


async def who(request: Request[Any, Any, Any]) -> Visitor:
    """Return who is signed in.

    Raises:
        ConsoleRefusalError: nobody (403): a request that did not pass the gate.

    """
    visitor = visitor_of(request)
    if visitor is None:
        raise ConsoleRefusalError(HTTPStatus.FORBIDDEN, "Nobody is signed in.")
    return visitor


def visitor_of(request: Request[Any, Any, Any]) -> Visitor | None:
    """Return who is signed in, or None."""
    visitor: Visitor | None = request.scope.get("state", {}).get(VISITOR)
    return visitor


def admins_only(visitor: Visitor) -> None:
    """Refuse what is not for viewers.

    Raises:
        ConsoleRefusalError: the visitor is none (403).

    """
    if not visitor.is_admin:
        raise ConsoleRefusalError(
            HTTPStatus.FORBIDDEN,
            "This is for administrators. You are signed in as a viewer, who sees aggregates of "
            "many keys and no single one.",
        )
