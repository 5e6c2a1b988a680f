"""Whatever goes wrong inside the console, as a page in words with the console's layout."""

from http import HTTPStatus
from typing import Any, Final, NamedTuple

from litestar import Request, Response
from litestar.exceptions import HTTPException

from vox_telemetry_sink.console.page import failure_page
from vox_telemetry_sink.console.places import is_console, normal
from vox_telemetry_sink.console.who import visitor_of
from vox_telemetry_sink.errors import (
    ConsoleRefusalError,
    KeyChangeError,
    RefusalError,
    StoreUnavailableError,
)
from vox_telemetry_sink.logs import described, log
from vox_telemetry_sink.problems import EXCEPTION_HANDLERS, answer_http_exception
from vox_telemetry_sink.request_note import note
from vox_telemetry_spec.limits import OVERLOAD_RETRY_AFTER_S

NO_SUCH_PAGE: Final = "There is no such page in this console."
_WORDS: Final = {
    HTTPStatus.BAD_REQUEST: "The address asks for something that is not there to be chosen. "
    "Go back and use the filters of the page.",
    HTTPStatus.FORBIDDEN: "This is not for your role.",
    HTTPStatus.NOT_FOUND: NO_SUCH_PAGE,
    HTTPStatus.METHOD_NOT_ALLOWED: "This page cannot be used in that way.",
}
_OTHER: Final = "The request could not be answered."
_BUG: Final = "The sink failed; its log says where. Nothing that clients have sent is lost."


class Failure(NamedTuple):
    """What a page of failure is made of."""

    status: HTTPStatus
    words: str
    headers: dict[str, str]


def failure_of(error: Exception) -> Failure:
    """Return what a person is told of an error, and log what is none of theirs."""
    match error:
        case ConsoleRefusalError():
            found = Failure(error.status, error.words, error.headers)
        case RefusalError():
            words = f"The request was refused: {error.detail}."
            found = Failure(HTTPStatus(error.problem.status), words, error.headers)
        case KeyChangeError():
            found = Failure(HTTPStatus.CONFLICT, f"Nothing was changed: {error}.", {})
        case StoreUnavailableError():
            log().warning("store-unavailable", error=described(error))
            wait = {"retry-after": str(OVERLOAD_RETRY_AFTER_S)}
            words = "The database does not answer. Wait a little and load the page again."
            found = Failure(HTTPStatus.SERVICE_UNAVAILABLE, words, wait)
        case HTTPException() if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            status = HTTPStatus(error.status_code)
            found = Failure(status, _WORDS.get(status, _OTHER), dict(error.headers or {}))
        case _:
            log().error("internal", error=described(error))
            found = Failure(HTTPStatus.INTERNAL_SERVER_ERROR, _BUG, {})
    note("refused", problem=f"console {found.status.value}")
    return found


def answer_failure(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer with a page whatever a handler of the console raised."""
    found = failure_of(error)
    return Response(
        failure_page(found.status, found.words, visitor_of(request)),
        status_code=found.status.value,
        media_type="text/html",
        headers=found.headers,
    )


def answer_unrouted(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what Litestar finds no handler for: a page inside the console, a problem outside."""
    if is_console(normal(request.scope["path"])):
        return answer_failure(request, error)
    return answer_http_exception(request, error)


# Each kind that has a handler outside of the console has another one in it.
CONSOLE_EXCEPTION_HANDLERS: Final[dict[int | type[Exception], Any]] = dict.fromkeys(
    EXCEPTION_HANDLERS, answer_failure
)
