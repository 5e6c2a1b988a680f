"""The files that pages are drawn with."""

import hashlib
from pathlib import Path

import httpx

from vox_telemetry_sink.console.static_files import static_files

FOLDER = "sink/vox_telemetry_sink/console/static"


async def test_a_file_is_served_to_everybody_with_a_strong_tag_and_is_asked_for_again(
    client: httpx.AsyncClient, repository_root: Path
) -> None:
    for name, media_type in (
        ("console.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ):
        content = (repository_root / FOLDER / name).read_bytes()
        answer = await client.get(f"/console/static/{name}")
        assert (answer.status_code, answer.content) == (200, content)
        assert answer.headers["content-type"] == media_type
        assert answer.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
        assert answer.headers["cache-control"] == "no-cache"
        same = {"if-none-match": f'"other", {answer.headers["etag"]}'}
        again = await client.get(f"/console/static/{name}", headers=same)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]


async def test_no_name_leads_out_of_the_table(client: httpx.AsyncClient) -> None:
    for name in (
        "nothing.css",
        "..%2frouter.py",
        "%2e%2e%2frouter.py",
        "..%5crouter.py",
        "console.css%00.svg",
        "%2fetc%2fpasswd",
        "x" * 5_000,
    ):
        request = client.build_request("GET", "/console/static/x")
        request.url = request.url.copy_with(raw_path=f"/console/static/{name}".encode())
        answer = await client.send(request)
        assert (name, answer.status_code) == (name, 404)
        assert "import" not in answer.text


def test_every_file_is_of_a_kind_that_browsers_are_told() -> None:
    assert {"console.css", "icon.svg"} <= static_files().keys()
    assert {file.media_type for file in static_files().values()} <= {
        "text/css",
        "text/javascript",
        "image/svg+xml",
    }
