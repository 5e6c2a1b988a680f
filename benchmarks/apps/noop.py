"""The least that Litestar can do with a POST: read the body and say 201."""

from typing import Any

from litestar import Litestar, Request, Response, post


@post("/v1/batches", request_max_body_size=None)
async def take(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Read everything and keep nothing."""
    await request.body()
    return Response(b"", status_code=201, media_type="application/octet-stream")


app = Litestar([take], openapi_config=None)
