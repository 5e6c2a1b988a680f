"""HEAD, as a monitor asks a live sink."""

import asyncio
import http.client

import httpx
import pytest

# Of its own in each answer: RFC 9110 section 9.3.2 lets what is made with the content be left out.
OF_ONE_ANSWER = {"date", "x-request-id"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/livez", 200),
        ("/readyz", 200),
        ("/v1/about", 200),
        ("/schema/openapi.json", 200),
        ("/nowhere", 404),
        ("/v1/batches", 405),
        ("/console", 303),
        ("/console/sign-in", 200),
        ("/console/static/console.css", 200),
        ("/console/keys.csv", 403),
    ],
)
async def test_head_says_what_get_would_without_the_content(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    read, asked = await client.get(path), await client.head(path)
    assert (read.status_code, asked.status_code) == (status, status)
    assert asked.content == b""
    told, of_get = ({*one.headers.multi_items()} for one in (asked, read))
    assert {name for name, _ in told ^ of_get} <= OF_ONE_ANSWER | {"set-cookie"}


async def test_on_the_wire_no_content_follows_and_the_connection_goes_on(
    client: httpx.AsyncClient,
) -> None:
    lengths = await asyncio.to_thread(asked_in_a_row, client.base_url.netloc.decode())
    length = lengths[0][0]
    assert length > 0
    assert lengths == [(length, 0), (length, length), (length, 0)]


def asked_in_a_row(authority: str) -> list[tuple[int, int]]:
    """Ask on one connection; give the length that was said and that of what came."""
    connection = http.client.HTTPConnection(authority, timeout=10)
    lengths = []
    for method in ("HEAD", "GET", "HEAD"):
        connection.request(method, "/livez")
        answer = connection.getresponse()
        lengths.append((int(answer.headers["content-length"]), len(answer.read())))
    connection.close()
    return lengths
