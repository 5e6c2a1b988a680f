"""Every failure as one RFC 9457 document: our refusals, Litestar's, and bugs.

A bug's text never leaves the process: it is logged by type and place, and the answer says only
that the sink failed.
"""

from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from vox_telemetry_sink.errors import RefusalError, StoreUnavailableError
from vox_telemetry_sink.logs import described, log
from vox_telemetry_sink.request_note import note
from vox_telemetry_spec.limits import OVERLOAD_RETRY_AFTER_S
from vox_telemetry_spec.problems import Problem, ProblemType
from vox_telemetry_spec.wire import PROBLEM_MEDIA_TYPE

RATE_HEADERS: Final = "rate_headers"
_FOR_STATUS = {
    HTTPStatus.NOT_FOUND: (ProblemType.NOT_FOUND, "expected POST /v1/batches"),
    HTTPStatus.METHOD_NOT_ALLOWED: (ProblemType.METHOD_NOT_ALLOWED, "expected another method"),
}


def answer_refusal(request: Request[Any, Any, Any], refusal: RefusalError) -> Response[bytes]:
    """Answer a refused request and note its problem type."""
    note("refused", problem=refusal.problem.slug)
    problem = refusal.problem
    document = Problem(
        type=problem.uri,
        title=problem.title,
        status=problem.status,
        detail=refusal.detail,
        sink_time=refusal.sink_time,
        violations=refusal.violations,
    )
    return _response(request, document, refusal.headers)


def answer_unavailable(
    request: Request[Any, Any, Any], error: StoreUnavailableError
) -> Response[bytes]:
    """Answer that the database is away; nothing of the request is lost with its sender."""
    log().warning("store-unavailable", error=described(error))
    refusal = RefusalError(
        ProblemType.STORE_UNAVAILABLE,
        "the database does not answer: try again later",
        headers={"retry-after": str(OVERLOAD_RETRY_AFTER_S)},
    )
    return answer_refusal(request, refusal)


def answer_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what Litestar refuses by itself, such as an unknown path."""
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return answer_bug(request, error)
    problem, detail = _FOR_STATUS.get(HTTPStatus(error.status_code), (None, ""))
    headers = dict(error.headers or {})
    if problem is not None:
        return answer_refusal(request, RefusalError(problem, detail, headers=headers))
    status = HTTPStatus(error.status_code)
    note("refused", problem="about:blank")
    return _response(request, Problem(title=status.phrase, status=status.value), headers)


def answer_bug(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer 500 without a word of what happened, and log it without a value."""
    log().error("internal", error=described(error))
    return answer_refusal(
        request, RefusalError(ProblemType.INTERNAL, "the sink failed: its log says where")
    )


def raw_problem(problem: ProblemType, detail: str) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Return a problem document and its headers, for a layer outside of Litestar."""
    body = msgspec.json.encode(
        Problem(type=problem.uri, title=problem.title, status=problem.status, detail=detail)
    )
    return body, [
        (b"content-type", PROBLEM_MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
    ]


def _response(
    request: Request[Any, Any, Any], document: Problem, headers: dict[str, str]
) -> Response[bytes]:
    return Response(
        msgspec.json.encode(document),
        status_code=document.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers={**request.state.get(RATE_HEADERS, {}), **headers},
    )


EXCEPTION_HANDLERS: Final[dict[int | type[Exception], Any]] = {
    RefusalError: answer_refusal,
    StoreUnavailableError: answer_unavailable,
    HTTPException: answer_http_exception,
    Exception: answer_bug,
}
