"""What pages are drawn with: a fixed table of files, read from the package once.

No path of a request reaches the file system: a name is in the table, or there is no such file.
They are asked for again each time and answered with 304, so that an upgrade is seen at once.
"""

import hashlib
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

_MEDIA_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class StaticFile(NamedTuple):
    """A file's bytes, what they are, and a strong entity tag (RFC 9110 section 8.8.3)."""

    content: bytes
    media_type: str
    etag: str


@cache
def static_files() -> dict[str, StaticFile]:
    """Return every file by its name.

    Raises:
        KeyError: a file whose ending no page of ours uses.

    """
    return {
        path.name: StaticFile(
            content := path.read_bytes(),
            _MEDIA_TYPES[PurePath(path.name).suffix],
            f'"{hashlib.sha256(content).hexdigest()}"',
        )
        for path in files(__package__).joinpath("static").iterdir()
    }


@get("/static/{name:str}")
async def static_file(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """Answer with a file, or that the browser has it already."""
    found = static_files().get(name)
    if found is None:
        raise NotFoundException
    headers = {"etag": found.etag, "cache-control": "no-cache"}
    # If-None-Match may name several, and weak ones where a proxy has compressed (section 13.1.2).
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=HTTPStatus.NOT_MODIFIED.value, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)
