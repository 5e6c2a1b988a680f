"""Which paths are the console's, and where a sign-in may lead; pure."""

from typing import Final
from urllib.parse import quote, urlsplit

from vox_telemetry_spec.limits import CONSOLE_NEXT_MAX_CHARS

CONSOLE_PATH: Final = "/console"
SIGN_IN_PATH: Final = f"{CONSOLE_PATH}/sign-in"
STATIC_PATH: Final = f"{CONSOLE_PATH}/static"
# What a page asks for by itself; it does not keep a session from being idle.
LIVE_PATH: Final = f"{CONSOLE_PATH}/live"


def normal(path: str) -> str:
    """Return a path as Litestar routes it: single slashes, none at the end."""
    return "/" + "/".join(part for part in path.split("/") if part)


def is_console(path: str) -> bool:
    """Tell whether a normal path is the console's."""
    return path == CONSOLE_PATH or path.startswith(f"{CONSOLE_PATH}/")


def is_open(path: str) -> bool:
    """Tell what is seen without a session: the sign-in page and what it is drawn with."""
    return path == SIGN_IN_PATH or is_static(path)


def is_static(path: str) -> bool:
    """Tell what pages are drawn with."""
    return path.startswith(f"{STATIC_PATH}/")


def is_page(path: str) -> bool:
    """Tell what a person reads in a browser, so that a redirect to the sign-in page helps."""
    return path != LIVE_PATH and not path.endswith(".csv")


def safe_next(text: str) -> str:
    """Return where to go after a sign-in: a page of the console, whatever was asked for.

    Only what begins with our own path is taken, and nothing that a browser reads in another way
    than we do: it takes a backslash for a slash and drops line breaks (WHATWG URL, section 4.4).
    """
    if not (text.isascii() and text.isprintable() and len(text) <= CONSOLE_NEXT_MAX_CHARS):
        return CONSOLE_PATH
    if "\\" in text or ".." in text or "//" in text or not text.startswith("/"):
        return CONSOLE_PATH
    path = normal(urlsplit(text).path)
    if not is_console(path) or is_open(path) or not is_page(path):
        return CONSOLE_PATH
    return text


def sign_in_address(path: str, query: str) -> str:
    """Return the address of the sign-in page that leads back here."""
    wanted = safe_next(f"{quote(path)}?{query}" if query else quote(path))
    if wanted == CONSOLE_PATH:
        return SIGN_IN_PATH
    return f"{SIGN_IN_PATH}?next={quote(wanted, safe='/')}"
