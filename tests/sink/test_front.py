"""One id and one line for each request."""

import asyncio
import io
import json
import re
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
import structlog

from support.uploads import Upload
from vox_telemetry_sink.front import Front
from vox_telemetry_sink.logs import configure_logging
from vox_telemetry_sink.protocol import OVER_LIMIT
from vox_telemetry_spec.problems import ProblemType

LiveSink = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Log as the program does, and read what was logged."""
    before = structlog.get_config()
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging()
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.configure(**before)


async def test_a_request_without_an_id_gets_one(client: httpx.AsyncClient) -> None:
    ids = {(await client.get("/livez")).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", made) for made in ids)


@pytest.mark.parametrize("given", ["0f9a7c4e", "a.b-c_D" * 10, "x" * 128])
async def test_a_well_formed_id_is_taken_and_returned_also_with_a_refusal(
    client: httpx.AsyncClient, given: str
) -> None:
    answer = await client.get("/nowhere", headers={"x-request-id": given})
    assert (answer.status_code, answer.headers["x-request-id"]) == (404, given)


@pytest.mark.parametrize(
    "given", ["short", "x" * 129, "has space in it", 'quote"quote"', "<b>bold</b>", ""]
)
async def test_an_id_that_is_not_well_formed_is_replaced(
    client: httpx.AsyncClient, given: str
) -> None:
    answer = await client.get("/livez", headers={"x-request-id": given})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_two_ids_are_none(client: httpx.AsyncClient) -> None:
    headers = [("x-request-id", "12345678"), ("x-request-id", "87654321")]
    answer = await client.get("/livez", headers=headers)
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_each_request_is_one_line_with_problem_status_and_ms(
    live_sink: LiveSink, upload: Callable[..., Upload], lines: Any
) -> None:
    async with live_sink(upload_token="hunter2-token") as client:
        one = upload(changes={"authorization": "Bearer hunter2-token"})
        stored = await one.post(client)
        again = await one.post(client)
        refused = await upload(changes={"x-request-id": "from-a-proxy"}).post(client)
        lost = await client.get("/hunter2-path?hunter2=query")
    logged = [line for line in lines() if "status" in line]
    shown = [(line["event"], line["status"], line["route"], line.get("problem")) for line in logged]
    assert shown == [
        ("stored", 201, "/v1/batches", None),
        ("duplicate", 200, "/v1/batches", None),
        ("refused", 401, "/v1/batches", "token-invalid"),
        ("refused", 404, "other", "not-found"),
    ]
    answers = (stored, again, refused, lost)
    ids = [line["request_id"] for line in logged]
    assert ids == [answer.headers["x-request-id"] for answer in answers]
    assert ids[2] == "from-a-proxy"
    assert all(0 < line["ms"] < 60_000 for line in logged)
    assert logged[0]["batch_id"] == one.batch_id


async def test_the_pages_of_the_console_are_one_route_without_path_or_query(
    client: httpx.AsyncClient, lines: Any
) -> None:
    for path in ("/console", "/console/sign-in?next=/console/hunter2", "/console//keys/hunter2/"):
        await client.get(path)
    await client.get("/consoles")
    logged = [(line["route"], line["status"]) for line in lines() if "status" in line]
    assert logged == [("/console", 303), ("/console", 200), ("/console", 303), ("other", 404)]
    assert "hunter2" not in json.dumps(lines())


async def test_no_line_holds_a_body_an_address_or_a_headers_value(
    live_sink: LiveSink, upload: Callable[..., Upload], lines: Any
) -> None:
    async with live_sink() as client:
        one = upload(changes={"user-agent": "hunter2-agent", "cookie": "hunter2-cookie"})
        await one.post(client)
        await upload(body=b"hunter2-body").post(client)
        await client.request("HUNTER2", "/livez")
    text = json.dumps(lines())
    assert "hunter2" not in text.lower()
    assert "127.0.0.1" not in text
    assert one.headers()["content-digest"] not in text
    assert "bench:" not in text


async def test_a_bugs_line_carries_the_id_of_its_request(
    live_sink: LiveSink, upload: Callable[..., Upload], lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("vox_telemetry_sink.key_store.KeyStore.find", broken)
    async with live_sink() as client:
        answers = await asyncio.gather(*(upload().post(client) for _ in range(5)))
    bugs = [line for line in lines() if line["event"] == "internal"]
    made = {answer.headers["x-request-id"] for answer in answers}
    assert {line["request_id"] for line in bugs} == made
    assert len(made) == 5


async def test_a_connection_over_the_limit_is_answered_503_with_a_problem_document() -> None:
    async def never(*_: object) -> None:
        raise AssertionError("it was passed on")

    async def marked(scope: Any, receive: Any, send: Any) -> None:
        scope["state"] = {OVER_LIMIT: True}
        await Front(never)(scope, receive, send)

    transport = httpx.ASGITransport(marked)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.post("/v1/batches")
    assert answer.status_code == 503
    assert answer.json()["type"] == ProblemType.OVERLOADED.uri
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.headers["retry-after"], answer.headers["connection"]) == ("2", "close")
    assert "x-request-id" in answer.headers
