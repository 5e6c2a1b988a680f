"""Approving and revoking keys, by the live sink, and what it does to uploads."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from support.console import FROM_OUR_PAGE, Person
from support.enrolments import invited
from support.uploads import Upload, new_key
from vox_telemetry_sink.console.tokens import ConsoleToken
from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_spec.keys import SigningKey

Fetch = Callable[..., Awaitable[list[tuple[Any, ...]]]]
LiveSink = Callable[..., Any]


@pytest.fixture
async def waiting(key_store: KeyStore) -> SigningKey:
    """Give a key that waits for approval."""
    signing_key = new_key()
    code = await invited(key_store, needs_approval=True)
    assert await key_store.enrol(code, signing_key.public, now=datetime.now(UTC)) is not None
    return signing_key


def page_of(key: SigningKey, action: str) -> str:
    return f"/console/keys/{key.public.key_id}/{action}"


async def log_of(fetch: Fetch, action: str) -> list[tuple[str, Any]]:
    rows = await fetch("SELECT action, subject, detail FROM admin_log ORDER BY entry_id")
    return [(subject, json.loads(detail)) for did, subject, detail in rows if did == action]


async def test_a_key_is_revoked_and_its_next_upload_refused_at_once(
    admin: Person, admin_token: ConsoleToken, key: SigningKey, fetch: Fetch
) -> None:
    assert (await Upload(key).post(admin.client)).status_code == 201
    asked = await admin.get(page_of(key, "revoke"))
    assert asked.status_code == 200
    assert key.public.key_id in asked.text
    assert "cannot be undone" in asked.text
    csrf = await admin.csrf(page_of(key, "revoke"))
    done = await admin.post(page_of(key, "revoke"), {"csrf": csrf})
    assert (done.status_code, done.headers["location"]) == (
        303,
        f"/console/keys/{key.public.key_id}",
    )
    refused = await Upload(key).post(admin.client)
    assert (refused.status_code, refused.json()["type"]) == (
        403,
        "urn:vox-telemetry:problem:key-revoked",
    )
    assert await log_of(fetch, "keys.revoke") == [
        (key.public.key_id, {"by": "ada", "console_token": admin_token.token_id})
    ]
    said = await admin.get(page_of(key, "revoke"))
    assert "The key of test is revoked: all sinks refuse it within 2 seconds." in said.text
    assert "This key is revoked" in said.text
    assert "within 2 seconds." not in (await admin.get(page_of(key, "revoke"))).text


async def test_a_key_that_waits_is_approved_and_may_upload_at_once(
    admin: Person, admin_token: ConsoleToken, waiting: SigningKey, fetch: Fetch
) -> None:
    refused = await Upload(waiting).post(admin.client)
    assert (refused.status_code, refused.json()["type"]) == (
        403,
        "urn:vox-telemetry:problem:key-not-approved",
    )
    csrf = await admin.csrf(page_of(waiting, "approve"))
    assert (await admin.post(page_of(waiting, "approve"), {"csrf": csrf})).status_code == 303
    assert (await Upload(waiting).post(admin.client)).status_code == 201
    assert await log_of(fetch, "keys.approve") == [
        (waiting.public.key_id, {"by": "ada", "console_token": admin_token.token_id})
    ]
    asked = await admin.get(page_of(waiting, "approve"))
    assert "This key does not wait" in asked.text


async def test_another_worker_obeys_within_the_documented_time(
    admin: Person, key: SigningKey, live_sink: LiveSink
) -> None:
    async with live_sink() as other:
        assert (await Upload(key).post(other)).status_code == 201
        csrf = await admin.csrf(page_of(key, "revoke"))
        await admin.post(page_of(key, "revoke"), {"csrf": csrf})
        statuses = [(await Upload(key).post(other)).status_code]
        began = datetime.now(UTC)
        while statuses[-1] == 201 and (datetime.now(UTC) - began).total_seconds() < 10:
            statuses.append((await Upload(key).post(other)).status_code)
        assert statuses[-1] == 403


async def test_a_viewer_may_neither_look_nor_act(
    viewer: Person, key: SigningKey, waiting: SigningKey, fetch: Fetch
) -> None:
    csrf = await viewer.csrf("/console/nowhere")
    for page in (page_of(key, "revoke"), page_of(waiting, "approve")):
        for answer in (await viewer.get(page), await viewer.post(page, {"csrf": csrf})):
            assert (answer.status_code, "for administrators" in answer.text) == (403, True)
            assert "test" not in answer.text
    states = await fetch("SELECT revoked_at, approved_at IS NULL FROM client_key ORDER BY 2")
    assert states == [(None, False), (None, True)]


async def test_an_action_without_the_secret_of_its_session_changes_nothing(
    admin: Person, client: httpx.AsyncClient, admin_token: ConsoleToken, key: SigningKey
) -> None:
    page = page_of(key, "revoke")
    other = Person(client)
    await other.sign_in(admin_token.shown)
    foreign = await other.csrf(page)
    for form in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": foreign}):
        kind = {"content-type": "application/x-www-form-urlencoded"}
        answer = await admin.post(page, form, headers=FROM_OUR_PAGE | kind)
        assert answer.status_code in (400, 403)
    own = {"csrf": await admin.csrf(page)}
    cross = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert (await admin.post(page, own, headers=cross)).status_code == 403
    assert (await admin.client.post(page, data=own, headers=FROM_OUR_PAGE)).status_code == 403
    assert (await Upload(key).post(client)).status_code == 201


async def test_what_is_not_there_or_no_more_is_said(
    admin: Person, waiting: SigningKey, key_store: KeyStore
) -> None:
    csrf = await admin.csrf("/console/nowhere")
    for action in ("approve", "revoke"):
        unknown = page_of(new_key(), action)
        assert (await admin.get(unknown)).status_code == 404
        assert (await admin.post(unknown, {"csrf": csrf})).status_code == 404
    await key_store.revoke(waiting.public.key_id, now=datetime.now(UTC))
    late = await admin.post(page_of(waiting, "approve"), {"csrf": csrf})
    assert (late.status_code, "is revoked and stays so" in late.text) == (409, True)


async def test_the_name_of_a_key_is_shown_harmlessly(admin: Person, key_store: KeyStore) -> None:
    key, name = new_key(), "<script>alert(1)</script>" + '"><b>' + "n" * 60
    await key_store.add(key.public, KeyGrant(name), now=datetime.now(UTC))
    page = await admin.get(page_of(key, "revoke"))
    assert "<script>" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
