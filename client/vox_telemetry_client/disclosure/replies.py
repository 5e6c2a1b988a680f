"""What goes back to the browser, and the fields that every answer carries. Pure."""

from dataclasses import dataclass
from http import HTTPStatus

HTML = "text/html; charset=utf-8"

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
# No script at all, nothing from elsewhere, in no frame, kept in no cache.
HEADERS = (
    ("Content-Security-Policy", _POLICY),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


@dataclass(frozen=True)
class Reply:
    """One answer; `headers` are those beside HEADERS."""

    status: HTTPStatus
    body: bytes
    media_type: str = HTML
    headers: tuple[tuple[str, str], ...] = ()


def see_other(path: str, *headers: tuple[str, str]) -> Reply:
    """Send the browser to another page of ours (RFC 9110 section 15.4.4)."""
    return Reply(HTTPStatus.SEE_OTHER, b"", headers=(("Location", path), *headers))


def download(name: str, payload: bytes) -> Reply:
    """Hand over a file's bytes as they are; `name` is one of ours, of letters and digits."""
    disposition = ("Content-Disposition", f'attachment; filename="{name}"')
    return Reply(HTTPStatus.OK, payload, "application/octet-stream", (disposition,))
