"""Signing in and out, by the live sink on a real database."""

import json
from collections.abc import Awaitable, Callable
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from support.console import FROM_OUR_PAGE, Person, add_token
from vox_telemetry_sink.console.token_store import TokenStore
from vox_telemetry_sink.console.tokens import ConsoleToken
from vox_telemetry_sink.console.visitor import Role

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


async def test_the_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_http(
    stranger: Person, admin_token: ConsoleToken
) -> None:
    answer = await stranger.sign_in(f"  {admin_token.shown}\n")
    [line] = [
        line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{SESSION}=")
    ]
    [(name, morsel)] = SimpleCookie(line).items()
    assert (name, len(morsel.value)) == (SESSION, 64)
    assert (morsel["httponly"], morsel["secure"], morsel["path"]) == (True, True, "/")
    assert morsel["samesite"].lower() == "strict"
    assert (morsel["domain"], morsel["max-age"], morsel["expires"]) == ("", "", "")


async def test_what_the_database_keeps_opens_nothing(
    admin: Person, admin_token: ConsoleToken, fetch: Fetch
) -> None:
    [(token_row,)] = await fetch("SELECT console_token::text FROM console_token")
    [(session_row,)] = await fetch("SELECT console_session::text FROM console_session")
    assert admin_token.shown.rpartition("_")[2] not in token_row
    assert admin.cookies[SESSION] not in session_row


async def test_wrong_unknown_expired_and_revoked_tokens_get_one_answer(
    stranger: Person, tokens: TokenStore, fetch: Fetch
) -> None:
    good, over, revoked = [await add_token(tokens, name=name) for name in ("a", "b", "c")]
    await fetch("UPDATE console_token SET expires_at = now() WHERE name = 'b'")
    await fetch("UPDATE console_token SET revoked_at = now() WHERE name = 'c'")
    wrong = good.shown[:-1] + ("0" if good.shown[-1] != "0" else "1")
    answers = [
        await stranger.sign_in(token)
        for token in (wrong, UNKNOWN, over.shown, revoked.shown, "", "voxc_", "x" * 900)
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.text for answer in answers}) == 1
    assert "it is mistyped, has expired, or was revoked" in answers[0].text
    assert SESSION not in stranger.cookies
    assert await fetch("SELECT * FROM console_session") == []


async def test_each_sign_in_has_a_new_id_and_ends_the_session_before(
    admin: Person, admin_token: ConsoleToken, fetch: Fetch
) -> None:
    first = admin.cookies[SESSION]
    csrf_page = Person(admin.client)
    csrf = await csrf_page.csrf(SIGN_IN)
    admin.cookies.update(csrf_page.cookies)
    again = await admin.post(SIGN_IN, {"csrf": csrf, "token": admin_token.shown})
    assert again.status_code == 303
    assert admin.cookies[SESSION] != first
    assert await fetch("SELECT count(*) FROM console_session") == [(1,)]


async def test_an_id_that_somebody_else_chose_is_not_taken_over(
    stranger: Person, admin_token: ConsoleToken
) -> None:
    stranger.cookies[SESSION] = "ab" * 32
    assert (await stranger.get("/console/nowhere")).status_code == 303
    assert (await stranger.sign_in(admin_token.shown)).status_code == 303
    assert stranger.cookies[SESSION] != "ab" * 32
    fixed = Person(stranger.client)
    fixed.cookies[SESSION] = "ab" * 32
    assert (await fixed.get("/console/nowhere")).status_code == 303


async def test_signing_out_deletes_the_session_in_the_database(admin: Person, fetch: Fetch) -> None:
    kept = dict(admin.cookies)
    csrf = await admin.csrf("/console/nowhere")
    answer = await admin.post("/console/sign-out", {"csrf": csrf})
    assert (answer.status_code, answer.headers["location"]) == (303, SIGN_IN)
    assert SESSION not in admin.cookies
    assert await fetch("SELECT * FROM console_session") == []
    admin.cookies = kept
    assert (await admin.get("/console/nowhere")).status_code == 303


async def test_sign_ins_are_in_admin_log_and_in_the_log_without_secret_or_address(
    stranger: Person,
    admin_token: ConsoleToken,
    fetch: Fetch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = admin_token.shown[:-64] + "0" * 64
    await stranger.sign_in(UNKNOWN)
    await stranger.sign_in(wrong)
    await stranger.sign_in(admin_token.shown)
    rows = await fetch(
        "SELECT subject, detail FROM admin_log WHERE action = 'console.sign-in' ORDER BY entry_id"
    )
    assert [(subject, json.loads(detail)) for subject, detail in rows] == [
        (admin_token.token_id, {"name": "ada", "ok": False}),
        (admin_token.token_id, {"name": "ada", "ok": True}),
    ]
    lines = [line for line in capsys.readouterr().out.splitlines() if "signed-in" in line]
    assert [("ada" in line, "True" in line) for line in lines] == [
        (False, False),
        (True, False),
        (True, True),
    ]
    told = "\n".join(lines)
    assert "voxc" not in told
    assert "127.0.0.1" not in told
    assert "/console" in told
    assert SIGN_IN not in told


async def test_strangers_are_limited_together_and_cannot_keep_an_owner_out(
    stranger: Person, admin_token: ConsoleToken
) -> None:
    csrf = await stranger.csrf(SIGN_IN)
    form = {"csrf": csrf, "token": UNKNOWN}
    answers = [await stranger.post(SIGN_IN, form) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 5
    assert "too many tries" in answers[-1].text
    form["token"] = UNKNOWN.replace("0", "2")
    assert (await stranger.post(SIGN_IN, form)).status_code == 429
    assert (await stranger.sign_in(admin_token.shown)).status_code == 303


async def test_one_token_is_limited_by_itself(
    stranger: Person, admin_token: ConsoleToken, tokens: TokenStore
) -> None:
    other = await add_token(tokens, Role.VIEWER, name="vic")
    csrf = await stranger.csrf(SIGN_IN)
    form = {"csrf": csrf, "token": admin_token.shown[:-64] + "0" * 64}
    answers = [await stranger.post(SIGN_IN, form) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429]
    form["token"] = admin_token.shown
    assert (await stranger.post(SIGN_IN, form)).status_code == 429
    form["token"] = other.shown
    assert (await stranger.post(SIGN_IN, form)).status_code == 303


async def test_a_sign_in_leads_nowhere_but_to_a_page_of_the_console(
    stranger: Person, admin_token: ConsoleToken
) -> None:
    page = await stranger.client.get(SIGN_IN, params={"next": "//evil.example/console"})
    assert 'name="next" value="/console"' in page.text
    answer = await stranger.sign_in(admin_token.shown, next="//evil.example/console")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")


async def test_the_sign_in_form_is_bound_to_the_browser_that_asked_for_it(
    client: httpx.AsyncClient, admin_token: ConsoleToken
) -> None:
    mine, other = Person(client), Person(client)
    foreign = await other.csrf(SIGN_IN)
    await mine.get(SIGN_IN)
    for csrf in (foreign, "", "0" * 64):
        answer = await mine.post(SIGN_IN, {"csrf": csrf, "token": admin_token.shown})
        assert (answer.status_code, SESSION in mine.cookies) == (403, False)
        assert "not made for the session" in answer.text
    bare = Person(client)
    answer = await bare.post(SIGN_IN, {"csrf": foreign, "token": admin_token.shown})
    assert answer.status_code == 403
    assert "cookie of the sign-in page did not come back" in answer.text


async def test_a_sign_in_from_another_site_is_refused(
    stranger: Person, admin_token: ConsoleToken
) -> None:
    csrf = await stranger.csrf(SIGN_IN)
    form = {"csrf": csrf, "token": admin_token.shown}
    for headers in (
        {},
        {"origin": "null"},
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        answer = await stranger.post(SIGN_IN, form, headers=headers)
        assert (headers, answer.status_code) == (headers, 403)
        assert "Another site" in answer.text
    assert SESSION not in stranger.cookies
    assert (await stranger.post(SIGN_IN, form, headers=FROM_OUR_PAGE)).status_code == 303


async def test_a_form_of_ten_megabytes_or_another_kind_is_refused(stranger: Person) -> None:
    csrf = await stranger.csrf(SIGN_IN)
    form = {"csrf": csrf, "token": UNKNOWN}
    kind = {"content-type": "application/x-www-form-urlencoded"}
    large = await stranger.post(SIGN_IN, b"a=" + b"x" * 8_000_000, FROM_OUR_PAGE | kind)
    assert (large.status_code, large.headers["content-type"]) == (413, "text/html; charset=utf-8")
    for body, media_type, status in [
        (b'{"csrf": ""}', "application/json", 415),
        (b"csrf=" + csrf.encode(), "text/plain", 415),
        (b"csrf=a&csrf=b", kind["content-type"], 400),
        (b"csrf=%FF", kind["content-type"], 400),
        (b"\xff=1", kind["content-type"], 400),
        (b"no pairs", kind["content-type"], 400),
        (b"a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9", kind["content-type"], 400),
    ]:
        answer = await stranger.post(SIGN_IN, body, FROM_OUR_PAGE | {"content-type": media_type})
        assert (body, answer.status_code) == (body, status)
        assert "<h1>" in answer.text
    huge = await stranger.post(SIGN_IN, b"a=" + b"x" * 10_000_000, FROM_OUR_PAGE | kind)
    assert huge.status_code == 413
    assert (await stranger.post(SIGN_IN, form)).status_code == 403
