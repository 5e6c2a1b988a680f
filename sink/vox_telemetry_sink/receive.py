"""Take a request's headers and body off the wire, within limits; nothing is believed yet."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from litestar import Request

from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.verify import Received
from vox_telemetry_spec.limits import (
    CODED_BODY_MAX_BYTES,
    DISCARDED_BODY_MAX_BYTES,
)
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.wire import BATCH_MEDIA_TYPE, CODINGS, CONTENT_ENCODING

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_OWS = " \t"  # RFC 9110 section 5.6.3
# A line break in a covered value would be a line of the signature base (RFC 9421 section 2.1).
_LINE_BREAKERS = frozenset("\r\n\0")
_CLOSE = {"connection": "close"}  # the rest of the body is not ours to wait for


async def receive(
    request: Request[Any, Any, Any], *, public_authority: str | None, deadline_s: float
) -> Received:
    """Read a request to its end.

    Raises:
        RefusalError: a media type or coding that is not served (415), a body over the limit,
            announced or not (413), or one that takes too long (408) or breaks off (400).

    """
    fields = combined_fields(request.scope["headers"])
    _check_media_type(fields)
    coding = _coding(fields)
    try:
        async with asyncio.timeout(deadline_s):
            body = await _bounded_body(request)
    except TimeoutError as exc:
        raise RefusalError(
            ProblemType.RECEIVE_TIMEOUT,
            f"the body did not arrive within {deadline_s:g} s, expected all of it",
            headers=_CLOSE,
        ) from exc
    signable = SignableRequest(
        method=request.method,
        authority=public_authority or _host(fields, request.scope["scheme"]),
        path=request.scope["raw_path"].decode("latin-1").partition("?")[0],
        fields=fields,
    )
    return Received(signable, coding, body)


def combined_fields(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Return lower-case names with their trimmed values, several joined with ", ".

    Raises:
        RefusalError: a line break inside a value.

    """
    fields: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip(_OWS)
        if not _LINE_BREAKERS.isdisjoint(value):
            raise RefusalError(
                ProblemType.SIGNATURE_MALFORMED, "a header holds a line break, expected one line"
            )
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


async def _bounded_body(request: Request[Any, Any, Any]) -> bytes:
    """Collect the body, counted as it streams; what Content-Length says is not believed."""
    chunks: list[bytes] = []
    received_bytes = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] != "http.request":
            raise RefusalError(ProblemType.BODY_TRUNCATED, "the connection closed inside the body")
        received_bytes += len(message["body"])
        if received_bytes <= CODED_BODY_MAX_BYTES:
            chunks.append(message["body"])
        else:
            chunks.clear()  # read on and drop, so that the sender lives to see the answer
        more = message["more_body"] and received_bytes <= DISCARDED_BODY_MAX_BYTES
    if received_bytes > CODED_BODY_MAX_BYTES:
        raise RefusalError(
            ProblemType.BODY_TOO_LARGE,
            f"the body has more than {CODED_BODY_MAX_BYTES} bytes, expected at most that: split it",
            headers=_CLOSE,
        )
    return b"".join(chunks)


def _check_media_type(fields: Mapping[str, str]) -> None:
    essence = fields.get("content-type", "").partition(";")[0].rstrip(_OWS).lower()
    if essence != BATCH_MEDIA_TYPE:
        raise RefusalError(
            ProblemType.MEDIA_TYPE_UNSUPPORTED,
            f"the media type is another one, expected {BATCH_MEDIA_TYPE}",
            headers={**_CLOSE, "accept": BATCH_MEDIA_TYPE},
        )


def _coding(fields: Mapping[str, str]) -> str | None:
    """Return the one content coding; a list of two is a way to hide a bomb in a bomb."""
    value = fields.get(CONTENT_ENCODING)
    if value is None:
        return None
    if value.lower() not in CODINGS:
        raise RefusalError(
            ProblemType.CODING_UNSUPPORTED,
            f"the content coding is another one or more than one, expected {' or '.join(CODINGS)}",
            headers={**_CLOSE, "accept-encoding": ", ".join(CODINGS)},
        )
    return value.lower()


def _host(fields: Mapping[str, str], scheme: str) -> str:
    return fields.get("host", "").lower().removesuffix(_DEFAULT_PORTS[scheme])
