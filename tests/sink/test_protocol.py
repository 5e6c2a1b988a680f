import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from vox_telemetry_sink.protocol import OVER_LIMIT, HeaderDeadlineProtocol

ANSWER_OF_TWO = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


class QuickProtocol(HeaderDeadlineProtocol):
    header_deadline_s = 0.3


async def slow_app(scope: Any, receive: Any, send: Any) -> None:
    """Answer later than the deadline of headers."""
    await asyncio.sleep(0.5)
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"ok"})


async def talk(*parts: bytes, protocol: Any = QuickProtocol, app: Any = slow_app) -> bytes:
    """Send parts 0.2 s apart to such a server and read until it closes, 1 s at most."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, lifespan="off", log_config=None, http=protocol)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 -- uvicorn has a flag only
        await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection(*server.servers[0].sockets[0].getsockname()[:2])
    for part in parts:
        writer.write(part)
        await asyncio.sleep(0.2)
    answer = b"still open"
    with suppress(TimeoutError):
        answer = await asyncio.wait_for(reader.read(), 1.0)
    writer.close()
    server.should_exit = True
    await serving
    return answer


@pytest.mark.parametrize("parts", [(), (b"",), (b"G",), (b"GET / HTTP/1.1\r\n", b"a: b\r\n")])
async def test_headers_that_do_not_come_close_the_connection(parts: tuple[bytes, ...]) -> None:
    assert await talk(*parts) == b""


async def test_a_request_that_arrived_may_take_its_time() -> None:
    assert await talk(ANSWER_OF_TWO) == b"still open"


async def test_the_clock_runs_again_for_the_next_request() -> None:
    parts = (ANSWER_OF_TWO, b"", b"", b"", b"GET /")
    answer = await talk(*parts)
    assert answer.endswith(b"ok")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("endless", [b"a: b\r\n" * 7_000, b"a: " + b"b" * 40_000])
async def test_headers_without_end_are_cut_long_before_their_deadline(endless: bytes) -> None:
    parts = (b"GET / HTTP/1.1\r\n" + endless, endless)
    assert await talk(*parts, protocol=HeaderDeadlineProtocol) == b""


async def test_a_long_body_in_the_same_read_is_no_header() -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\n"
    assert await talk(head + b"x" * 150_000, b"x" * 150_000) == b"still open"


class FewConnections(HeaderDeadlineProtocol):
    connections_max_count = 0


async def saying_app(scope: Any, receive: Any, send: Any) -> None:
    """Answer with what the protocol says of the request."""
    host = dict(scope["headers"])[b"host"].decode()
    text = f"{scope['path']} {host} {'over' if OVER_LIMIT in scope['state'] else 'within'}"
    length = str(len(text)).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
    )
    await send({"type": "http.response.body", "body": text.encode()})


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\nbad header\r\n\r\n", b"hunter2\r\n\r\n"],
)
async def test_what_is_no_http_is_answered_with_a_problem_document(garbage: bytes) -> None:
    head, _, body = (await talk(garbage)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert (json.loads(body)["status"], json.loads(body)["title"]) == (400, "Bad Request")
    assert b"hunter2" not in body


async def test_the_host_of_an_absolute_target_replaces_the_header() -> None:
    for target, host, expected in (
        (b"http://a.example/p", b"b.example", b"/p a.example within"),
        (b"http://a.example:81/p?q", b"b.example", b"/p a.example:81 within"),
        (b"/p", b"b.example", b"/p b.example within"),
    ):
        request = (
            b"GET " + target + b" HTTP/1.1\r\nhost: " + host + b"\r\nconnection: close\r\n\r\n"
        )
        answer = await talk(request, app=saying_app)
        assert answer.endswith(b"\r\n\r\n" + expected), answer


async def test_a_connection_over_the_limit_is_marked_for_the_application() -> None:
    request = b"GET /p HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    answer = await talk(request, protocol=FewConnections, app=saying_app)
    assert answer.endswith(b"/p x over")
