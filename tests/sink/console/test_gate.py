"""What every request under /console meets first, by the live sink."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from support.console import FROM_OUR_PAGE, Person
from vox_telemetry_sink.console.token_store import TokenStore
from vox_telemetry_sink.console.tokens import ConsoleToken

LiveSink = Callable[..., Any]
KEY_ID = "A" * 43
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


async def test_every_answer_has_the_headers_errors_and_files_too(admin: Person) -> None:
    stranger = Person(admin.client)
    answers = [
        await stranger.get("/console"),
        await stranger.get("/console/sign-in"),
        await stranger.get("/console/static/console.css"),
        await stranger.get("/console/static/none.css"),
        await stranger.get("/console/keys.csv"),
        await stranger.post("/console/sign-in", {}),
        await stranger.get("/console", host="evil.example"),
        await admin.get("/console/nowhere"),
        await admin.get(f"/console/keys/{KEY_ID}/revoke"),
    ]
    assert [answer.status_code for answer in answers] == [
        303, 200, 200, 404, 403, 415, 421, 404, 404,
    ]  # fmt: skip
    for answer in answers:
        headers = answer.headers
        assert headers["content-security-policy"] == POLICY
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert "camera=()" in headers["permissions-policy"]
        is_file = answer.status_code == 200 and "css" in headers["content-type"]
        assert headers["cache-control"] == ("no-cache" if is_file else "no-store")
        assert len(headers.get_list("content-security-policy")) == 1


async def test_outside_of_the_console_nothing_changes(client: httpx.AsyncClient) -> None:
    for path in ("/consoles", "/nowhere", "/v1/batches"):
        answer = await client.get(path, headers={"host": "evil.example"})
        assert answer.headers["content-type"] == "application/problem+json"
        assert "content-security-policy" not in answer.headers


async def test_without_a_session_pages_lead_to_the_sign_in_and_the_rest_is_refused(
    stranger: Person,
) -> None:
    for path in ("/console", "/console/", "/console//keys", "/console/anything/at/all"):
        answer = await stranger.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/console/sign-in")
    for path in ("/console/keys.csv", "/console/live"):
        answer = await stranger.get(path)
        assert (answer.status_code, "Nobody is signed in" in answer.text) == (403, True)
    for path in (f"/console/keys/{KEY_ID}/revoke", "/console/sign-out", "/console"):
        answer = await stranger.post(path, {"csrf": ""})
        assert (answer.status_code, "Nobody is signed in" in answer.text) == (403, True)


async def test_a_forged_cookie_is_nobody(stranger: Person) -> None:
    for forged in ("0" * 64, "", "x", "' OR true --", "0" * 5_000):
        stranger.cookies = {"__Host-vox-console": forged}
        assert (await stranger.get("/console/nowhere")).status_code == 303


async def test_an_address_with_a_zero_byte_is_that_of_no_page(admin: Person) -> None:
    for path in ("/console/keys/%00", "/console/keys/%00/revoke", "/console/%00"):
        answer = await admin.get(path)
        assert (answer.status_code, "no such page" in answer.text) == (404, True)


async def test_another_host_is_refused_before_anything_else(
    admin: Person, admin_token: ConsoleToken
) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "127.0.0.1:80, evil.example"):
        answer = await admin.get("/console/nowhere", host=host)
        assert (answer.status_code, "under this name" in answer.text) == (421, True)
        assert "ada" not in answer.text
        posted = await admin.post(
            "/console/sign-out", {"csrf": ""}, headers={**FROM_OUR_PAGE, "host": host}
        )
        assert posted.status_code == 421


async def test_the_public_name_is_taken_with_its_own_origin_alone(live_sink: LiveSink) -> None:
    public = {"public_origin": "https://console.example", "public_authority": "console.example"}
    async with live_sink(**public) as client:
        person = Person(client)
        page = await person.get("/console/sign-in", host="console.example")
        assert page.status_code == 200
        for origin, words in (
            ("https://console.example", "not made for the session"),
            ("http://console.example", "Another site"),
        ):
            answer = await person.post(
                "/console/sign-in",
                {"csrf": "x"},
                headers={"origin": origin, "host": "console.example"},
            )
            assert (answer.status_code, words in answer.text) == (403, True)


async def test_a_revoked_token_ends_the_visit_in_the_middle(
    admin: Person, admin_token: ConsoleToken, tokens: TokenStore
) -> None:
    assert (await admin.get("/console/nowhere")).status_code == 404
    await tokens.revoke(admin_token.token_id, now=datetime.now(UTC))
    assert (await admin.get("/console/nowhere")).status_code == 303


async def test_two_sinks_share_a_session(
    admin: Person, live_sink: LiveSink, admin_token: ConsoleToken
) -> None:
    async with live_sink() as other:
        there = Person(other)
        there.cookies = dict(admin.cookies)
        assert (await there.get("/console/nowhere")).status_code == 404
        csrf = await there.csrf("/console/nowhere")
        assert (await there.post("/console/sign-out", {"csrf": csrf})).status_code == 303
    assert (await admin.get("/console/nowhere")).status_code == 303


async def test_no_get_changes_anything(admin: Person) -> None:
    for path in ("/console/sign-out", f"/console/keys/{KEY_ID}/approve"):
        answer = await admin.client.get(path, headers=admin._headers({}))
        assert answer.status_code in (404, 405)
    assert (await admin.get("/console/nowhere")).status_code == 404
    options = await admin.client.options("/console/sign-out", headers=admin._headers({}))
    assert (options.status_code, options.headers["allow"]) == (204, "OPTIONS, POST")


async def test_who_is_signed_in_may_ask_for_the_head_alone(admin: Person) -> None:
    for path in ("/console", "/console/keys", "/console/overview.csv"):
        answer = await admin.client.head(path, headers=admin._headers({}))
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-security-policy"] == POLICY


async def test_a_head_takes_no_notice_and_keeps_nobody_signed_in(
    admin: Person, fetch: Callable[..., Any]
) -> None:
    await fetch("UPDATE console_session SET notice = 'done', used_at = used_at - interval '9 min'")
    before = await fetch("SELECT notice, used_at FROM console_session")
    assert (await admin.client.head("/console", headers=admin._headers({}))).status_code == 200
    assert await fetch("SELECT notice, used_at FROM console_session") == before
    assert "done" in (await admin.get("/console")).text
    assert await fetch("SELECT notice, used_at FROM console_session") != before


async def test_switched_off_it_is_a_path_like_any_unknown_one(live_sink: LiveSink) -> None:
    async with live_sink(console=False) as client:
        for path in ("/console", "/console/sign-in", "/console/static/console.css"):
            answer = await client.get(path)
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
            assert "content-security-policy" not in answer.headers


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/nowhere"])
async def test_a_database_that_is_away_is_said_in_words(live_sink: LiveSink, path: str) -> None:
    async with live_sink(database_url="postgresql://nobody@127.0.0.1:9/none") as client:
        person = Person(client)
        person.cookies = {"__Host-vox-console": "0" * 64}
        answer = await person.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert "The database does not answer" in answer.text
        assert answer.headers["content-security-policy"] == POLICY
        assert (await person.get("/console/static/console.css")).status_code == 200
