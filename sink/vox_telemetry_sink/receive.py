"""Take a request's headers and body off the wire, within limits; nothing is believed yet."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from litestar import Request

from vox_telemetry_sink.errors import RefusalError
from vox_telemetry_sink.verify import Received
from vox_telemetry_spec.limits import (
    CODED_BODY_MAX_BYTES,
    DISCARDED_BODY_MAX_BYTES,
    ENROLMENT_MAX_BYTES,
)
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.wire import (
    BATCH_MEDIA_TYPE,
    CODINGS,
    CONTENT_ENCODING,
    ENROLMENT_MEDIA_TYPE,
)

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_OWS = " \t"  # RFC 9110 section 5.6.3
# A line break in a covered value would be a line of the signature base (RFC 9421 section 2.1).
_LINE_BREAKERS = frozenset("\r\n\0")
_CLOSE = {"connection": "close"}  # the rest of the body is not ours to wait for


class Body(NamedTuple):
    """What kind of body is taken, and how much of it."""

    media_type: str
    codings: tuple[str, ...]
    max_bytes: int
    too_large: str


BATCH_BODY: Final = Body(BATCH_MEDIA_TYPE, CODINGS, CODED_BODY_MAX_BYTES, "split it")
ENROLMENT_BODY: Final = Body(
    ENROLMENT_MEDIA_TYPE, (), ENROLMENT_MAX_BYTES, "an enrolment has about 250"
)


async def receive(
    request: Request[Any, Any, Any],
    expected: Body,
    *,
    public_authority: str | None,
    deadline_s: float,
) -> Received:
    """Read a request to its end.

    Raises:
        RefusalError: a media type or coding that is not served (415), a body over the limit,
            announced or not (413), or one that takes too long (408) or breaks off (400).

    """
    fields = combined_fields(request.scope["headers"])
    _check_media_type(fields, expected.media_type)
    coding = _coding(fields, expected.codings)
    try:
        async with asyncio.timeout(deadline_s):
            body = await _bounded_body(request, expected)
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


async def _bounded_body(request: Request[Any, Any, Any], expected: Body) -> bytes:
    """Collect the body, counted as it streams; what Content-Length says is not believed."""
    chunks: list[bytes] = []
    received_bytes = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] != "http.request":
            raise RefusalError(ProblemType.BODY_TRUNCATED, "the connection closed inside the body")
        received_bytes += len(message["body"])
        if received_bytes <= expected.max_bytes:
            chunks.append(message["body"])
        else:
            chunks.clear()  # read on and drop, so that the sender lives to see the answer
        more = message["more_body"] and received_bytes <= DISCARDED_BODY_MAX_BYTES
    if received_bytes > expected.max_bytes:
        raise RefusalError(
            ProblemType.BODY_TOO_LARGE,
            f"the body has more than {expected.max_bytes} bytes, expected at most that: "
            + expected.too_large,
            headers=_CLOSE,
        )
    return b"".join(chunks)


def _check_media_type(fields: Mapping[str, str], expected: str) -> None:
    essence = fields.get("content-type", "").partition(";")[0].rstrip(_OWS).lower()
    if essence != expected:
        raise RefusalError(
            ProblemType.MEDIA_TYPE_UNSUPPORTED,
            f"the media type is another one, expected {expected}",
            headers={**_CLOSE, "accept": expected},
        )


def _coding(fields: Mapping[str, str], allowed: tuple[str, ...]) -> str | None:
    """Return the one content coding; a list of two is a way to hide a bomb in a bomb."""
    value = fields.get(CONTENT_ENCODING)
    if value is None:
        return None
    if value.lower() not in allowed:
        raise RefusalError(
            ProblemType.CODING_UNSUPPORTED,
            "the content coding is another one or more than one, expected "
            + (" or ".join(allowed) or "none"),
            headers={**_CLOSE, "accept-encoding": ", ".join(allowed) or "identity"},
        )
    return value.lower()


def _host(fields: Mapping[str, str], scheme: str) -> str:
    return fields.get("host", "").lower().removesuffix(_DEFAULT_PORTS[scheme])
