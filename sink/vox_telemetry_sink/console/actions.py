"""The two things that the console changes: a key is approved or revoked, by an administrator.

Each has a page that names the key and asks, so that it works without a script, and a form.
"""

from datetime import UTC, datetime
from typing import Any, Final

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from vox_telemetry_sink.console.form import read_form
from vox_telemetry_sink.console.held import Console
from vox_telemetry_sink.console.page import page
from vox_telemetry_sink.console.places import CONSOLE_PATH
from vox_telemetry_sink.console.visitor import Visitor
from vox_telemetry_sink.console.who import SESSION_COOKIE, admins_only
from vox_telemetry_sink.key_rows import ListedKey
from vox_telemetry_sink.request_note import note
from vox_telemetry_spec.limits import KEY_CACHE_AGE_S

_SEEN_WITHIN_S: Final = int(2 * KEY_CACHE_AGE_S)


@get("/keys/{key_id:str}/approve")
async def approve_page(
    visitor: NamedDependency[Visitor], key_id: FromPath[str], console: NamedDependency[Console]
) -> Template:
    """Ask whether a key that waits is to be let in."""
    return _asking("approve_key.html", visitor, await _key(visitor, key_id, console))


@post("/keys/{key_id:str}/approve", request_max_body_size=None)
async def approve(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    key_id: FromPath[str],
    console: NamedDependency[Console],
) -> Redirect:
    """Let a key that waits upload."""
    key = await _confirmed(request, visitor, key_id, console)
    await console.key_store.approve(key_id, now=datetime.now(UTC), by=_by(visitor))
    said = f"The key of {key.name} is approved: it may upload within {_SEEN_WITHIN_S} seconds."
    return await _done(request, console, key_id, said)


@get("/keys/{key_id:str}/revoke")
async def revoke_page(
    visitor: NamedDependency[Visitor], key_id: FromPath[str], console: NamedDependency[Console]
) -> Template:
    """Ask whether a key is to be refused from now on."""
    return _asking("revoke_key.html", visitor, await _key(visitor, key_id, console))


@post("/keys/{key_id:str}/revoke", request_max_body_size=None)
async def revoke(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Visitor],
    key_id: FromPath[str],
    console: NamedDependency[Console],
) -> Redirect:
    """Refuse a key from now on."""
    key = await _confirmed(request, visitor, key_id, console)
    await console.key_store.revoke(key_id, now=datetime.now(UTC), by=_by(visitor))
    said = f"The key of {key.name} is revoked: all sinks refuse it within {_SEEN_WITHIN_S} seconds."
    return await _done(request, console, key_id, said)


async def _confirmed(
    request: Request[Any, Any, Any], visitor: Visitor, key_id: str, console: Console
) -> ListedKey:
    """Return the key that the form of an administrator names, as `_key` and `read_form` raise."""
    key = await _key(visitor, key_id, console)
    await read_form(request, visitor.csrf_token)
    return key


async def _key(visitor: Visitor, key_id: str, console: Console) -> ListedKey:
    """Return the key that an administrator chose.

    Raises:
        ConsoleRefusalError: the visitor is no administrator (403).
        NotFoundException: no such key is enrolled.

    """
    admins_only(visitor)
    key = await console.key_store.show(key_id)
    if key is None:
        raise NotFoundException
    return key


def _asking(template: str, visitor: Visitor, key: ListedKey) -> Template:
    state = key.state(datetime.now(UTC))
    return page(template, visitor, key=key, state=state, seen_within_s=_SEEN_WITHIN_S)


def _by(visitor: Visitor) -> dict[str, str]:
    return {"by": visitor.name, "console_token": visitor.token_id}


async def _done(
    request: Request[Any, Any, Any], console: Console, key_id: str, said: str
) -> Redirect:
    console.keys.forget(key_id)  # this worker obeys at once, the others as documented
    note("key-changed", key_id=key_id)
    await console.sessions.put_notice(request.cookies[SESSION_COOKIE], said)
    return Redirect(f"{CONSOLE_PATH}/keys/{key_id}", status_code=HTTP_303_SEE_OTHER)
