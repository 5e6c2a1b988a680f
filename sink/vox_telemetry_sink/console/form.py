"""Read a form that was posted: bounded, of one media type, and made for who sends it."""

import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request

from vox_telemetry_sink.errors import ConsoleRefusalError
from vox_telemetry_sink.receive import Body, receive
from vox_telemetry_spec.limits import (
    CONSOLE_FORM_MAX_BYTES,
    CONSOLE_FORM_MAX_FIELDS,
    RECEIVE_DEADLINE_S,
)

CSRF_FIELD: Final = "csrf"
_FORM_BODY: Final = Body(
    "application/x-www-form-urlencoded", (), CONSOLE_FORM_MAX_BYTES, "a form has about 300"
)


async def read_form(request: Request[Any, Any, Any], csrf_token: str) -> Mapping[str, str]:
    """Return a form's fields once it proved that it was made for this visitor.

    Raises:
        RefusalError: another media type (415), too large (413) or too slow (408).
        ConsoleRefusalError: no form of ours (400), or not made for this visitor (403).

    """
    received = await receive(
        request, _FORM_BODY, public_authority=None, deadline_s=RECEIVE_DEADLINE_S
    )
    fields = _fields(received.coded_body)
    presented = fields.get(CSRF_FIELD, "").encode()
    if not hmac.compare_digest(presented, csrf_token.encode()):
        raise ConsoleRefusalError(
            HTTPStatus.FORBIDDEN,
            "This form was not made for the session that sent it; nothing was changed. "
            "Open the page again and send it from there.",
        )
    return fields


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=CONSOLE_FORM_MAX_FIELDS,
        )
    except ValueError as exc:  # UnicodeDecodeError is one
        raise _no_form() from exc
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _no_form()
    return fields


def _no_form() -> ConsoleRefusalError:
    return ConsoleRefusalError(
        HTTPStatus.BAD_REQUEST, "This is no form of the console's; nothing was changed."
    )
