"""Signing in and out, by the live sink on a real database."""

from collections.abc import Awaitable, Callable
from typing import Any

from support.console import Person
from vox_telemetry_sink.console.tokens import ConsoleToken

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
SIGN_IN = "/console/sign-in"
SESSION = "__Host-vox-console"
UNKNOWN = "voxc_" + "0" * 16 + "_" + "1" * 64


async def test_a_good_token_opens_a_session_and_leads_to_the_page_that_was_wanted(
    stranger: Person, admin_token: ConsoleToken
) -> None:
    wanted = await stranger.get("/console/keys?state=good")
    assert (wanted.status_code, wanted.headers["location"]) == (
        303,
        "/console/sign-in?next=/console/keys%3Fstate%3Dgood",
    )
    page = await stranger.get(wanted.headers["location"])
    assert 'name="next" value="/console/keys?state=good"' in page.text
    answer = await stranger.sign_in(admin_token.shown, next="/console/keys?state=good")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/keys?state=good")
    assert (await stranger.get(SIGN_IN)).headers["location"] == "/console"
