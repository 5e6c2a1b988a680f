"""The console in a real browser, on a live sink with real uploads and a real Postgres.

No test here is a coroutine: see the fixture `browser`.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from support.browser import DESKTOP, PHONE, Visit, visiting
from support.console_data import seed_console, team_key
from support.console_sink import ConsoleSink, apart, console_sink
from support.enrolments import invited
from support.events import benchmark_event
from support.postgres import PostgresServer
from support.uploads import Upload, new_batch_id, new_key, payload_of
from vox_telemetry_sink.database import Pool
from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_spec.keys import SigningKey

ADMIN_PAGES: Final = (
    "/console",
    "/console/families?days=90",
    "/console/keys",
    f"/console/keys/{team_key('mobile-sdk').public.key_id}",
    f"/console/keys/{team_key('mobile-sdk').public.key_id}/revoke",
    f"/console/keys/{team_key('new-hire-trial').public.key_id}/approve",
    "/console/rejections?days=30",
    "/console/storage",
    "/console/health",
)
VIEWER_PAGES: Final = ("/console", "/console/families", "/console/rejections")
REFUSED: Final = "Failed to load resource: the server responded with a status of 4"


@pytest.fixture(scope="module")
def busy(
    postgres_server: PostgresServer,
    migrated_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ConsoleSink]:
    """Serve thirty made-up days."""
    with postgres_server.fresh_database(template=migrated_database) as url:
        apart(lambda: seed_console(url, datetime.now(UTC)))
        with console_sink(url, tmp_path_factory.mktemp("busy")) as sink:
            yield sink


@pytest.fixture
def sink(database_url: str, tmp_path: Path) -> Iterator[ConsoleSink]:
    """Serve an empty sink."""
    with console_sink(database_url, tmp_path) as sink:
        yield sink


def sign_in(page: Page, sink: ConsoleSink, token: str, path: str = "/console") -> None:
    page.goto(f"{sink.url}{path}")
    page.get_by_label("Console token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{sink.url}{path}")


def enrolled(sink: ConsoleSink, name: str) -> SigningKey:
    """Enrol a key."""
    key = new_key()

    async def add(pool: Pool) -> bool:
        return await KeyStore(pool).add(key.public, KeyGrant(name), now=datetime.now(UTC))

    assert sink.with_pool(add)
    return key


def waiting(sink: ConsoleSink) -> SigningKey:
    """Enrol a key that waits for approval; its name is farm."""
    key = new_key()

    async def enrol(pool: Pool) -> None:
        code = await invited(KeyStore(pool), needs_approval=True)
        await KeyStore(pool).enrol(code, key.public, now=datetime.now(UTC))

    sink.with_pool(enrol)
    return key


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def upload_of(key: SigningKey, count: int) -> Upload:
    batch_id = new_batch_id()
    events = [benchmark_event() for _ in range(count)]
    return Upload(key, batch_id=batch_id, payload=payload_of(*events, batch_id=batch_id))


def test_what_was_uploaded_is_what_the_overview_counts(visit: Visit, sink: ConsoleSink) -> None:
    key, page = enrolled(sink, "build farm"), visit.page
    first, second = upload_of(key, 3), upload_of(key, 4)
    assert [sink.upload(one).status_code for one in (first, second, first)] == [201, 201, 200]
    broken = Upload(key, payload=payload_of({**benchmark_event(), "metric_type": "nobody"}))
    assert sink.upload(broken).status_code == 400
    sign_in(page, sink, sink.admin)
    for title, batches, events in (("Accepted", 2, 7), ("Duplicate", 1, 3), ("Rejected", 1, 1)):
        shown = card(page, title).locator("dl").inner_text().split("\n")
        assert shown[-4:] == ["Events, 30 days", str(events), "Batches, 30 days", str(batches)]
    chart = page.get_by_role("img", name="Events")
    expect(chart).to_be_visible()
    bars = [title for title in chart.locator("title").all_text_contents() if title]
    assert sum(int(found) for found in re.findall(r"accepted (\d+)", " ".join(bars))) == 7
    page.get_by_text("The same numbers as a table").click()
    table = page.get_by_role("table", name="Batches and events by UTC day")
    cells = [row.inner_text().split("\t") for row in table.locator("tbody tr").all()]
    assert len(cells) == 30
    assert [sum(int(row[column]) for row in cells) for column in range(1, 7)] == [
        7, 2, 3, 1, 1, 1,
    ]  # fmt: skip
    visit.expect_accessible()


def test_filters_show_less_and_are_kept_in_the_address(visit: Visit, busy: ConsoleSink) -> None:
    page = visit.page
    sign_in(page, busy, busy.admin, "/console/keys")
    expect(page.get_by_role("heading", name="26 keys")).to_be_visible()
    page.get_by_label("State").select_option("waiting")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="1 key of 26")).to_be_visible()
    expect(page.get_by_role("link", name="new-hire-trial", exact=True)).to_be_visible()
    assert "state=waiting" in page.url
    page.get_by_label("State").select_option("")
    page.get_by_label("Name or key id").fill("RUNTIME")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="3 keys of 26")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV of these keys").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert sorted(line.split(",")[1] for line in lines[1:]) == [
        "runtime-linux",
        "runtime-macos",
        "runtime-windows",
    ]
    page.goto(f"{busy.url}/console/families?days=30&family=benchmark")
    expect(page.locator("select[name=family]")).to_have_value("benchmark")
    [(events,)] = busy.fetch(
        "SELECT count(*) FROM event WHERE family = 'benchmark'"
        " AND received_at >= (now() AT TIME ZONE 'UTC')::date - 29"
    )
    assert f"{events:,}".replace(",", "\u202f") in page.get_by_role("main").inner_text()


def test_a_key_is_revoked_by_clicks_and_its_next_upload_refused(
    visit: Visit, sink: ConsoleSink
) -> None:
    key, page = enrolled(sink, "build farm"), visit.page
    assert sink.upload(upload_of(key, 2)).status_code == 201
    sign_in(page, sink, sink.admin, "/console/keys")
    page.get_by_role("link", name="Revoke build farm").click()
    expect(page.get_by_role("heading", name="Revoke this key?")).to_be_visible()
    expect(page.get_by_text(key.public.key_id)).to_be_visible()
    page.get_by_role("button", name="Revoke the key").click()
    page.wait_for_url(f"{sink.url}/console/keys/{key.public.key_id}")
    expect(page.get_by_role("status")).to_have_text(
        "The key of build farm is revoked: all sinks refuse it within 2 seconds."
    )
    visit.expect_accessible()
    refused = sink.upload(upload_of(key, 2))
    assert (refused.status_code, refused.json()["type"]) == (
        403,
        "urn:vox-telemetry:problem:key-revoked",
    )
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)
    expect(page.get_by_text("revoked", exact=True)).to_be_visible()


def test_a_waiting_key_is_approved_without_a_script(browser: Browser, sink: ConsoleSink) -> None:
    key = waiting(sink)
    assert sink.upload(upload_of(key, 2)).status_code == 403
    with visiting(browser, java_script_enabled=False) as visit:
        page = visit.page
        sign_in(page, sink, sink.admin)
        page.get_by_role("link", name="1 key waits").click()
        page.get_by_role("link", name="Approve farm").click()
        page.get_by_role("button", name="Approve the key").click()
        expect(page.get_by_role("status")).to_contain_text("The key of farm is approved")
        expect(page.get_by_text("good", exact=True)).to_be_visible()
    assert sink.upload(upload_of(key, 2)).status_code == 201


def test_a_viewer_sees_aggregates_and_no_key(visit: Visit, busy: ConsoleSink) -> None:
    page = visit.page
    sign_in(page, busy, busy.viewer)
    links = page.get_by_role("navigation", name="Console").get_by_role("link")
    assert links.all_text_contents() == ["Overview", "Families", "Rejections"]
    for path in VIEWER_PAGES:
        page.goto(f"{busy.url}{path}")
        text = page.content()
        assert "at least 20 keys" in text
        assert not [
            name for name in ("mobile-sdk", team_key("mobile-sdk").public.key_id) if name in text
        ]
        visit.expect_accessible()
    for path in sorted({*ADMIN_PAGES} - {*VIEWER_PAGES, "/console/families?days=90"}):
        if path.startswith("/console/rejections"):
            continue
        answer = page.goto(f"{busy.url}{path}")
        assert answer is not None
        assert (path, answer.status) == (path, 403)
        expect(page.get_by_role("heading", name="Forbidden")).to_be_visible()
    assert all(line.startswith(REFUSED) for line in visit.logged)
    visit.logged.clear()


def test_the_keyboard_alone_signs_in_walks_and_revokes(visit: Visit, sink: ConsoleSink) -> None:
    key, page = enrolled(sink, "build farm"), visit.page
    page.goto(f"{sink.url}/console/keys")
    expect(page.get_by_label("Console token")).to_be_focused()
    page.keyboard.insert_text(sink.admin)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{sink.url}/console/keys")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim()"))
        if seen[-1] == "Revoke build farm":
            break
    assert seen[-1] == "Revoke build farm", seen
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/keys/{key.public.key_id}/revoke")
    button = page.get_by_role("button", name="Revoke the key")
    for _ in range(20):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    outline = button.evaluate("button => getComputedStyle(button).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url(f"{sink.url}/console/keys/{key.public.key_id}")
    assert sink.upload(upload_of(key, 1)).status_code == 403


def test_the_session_is_in_a_secure_cookie_that_loopback_may_set(
    visit: Visit, sink: ConsoleSink
) -> None:
    page = visit.page
    sign_in(page, sink, sink.admin)
    [cookie] = visit.context.cookies()
    assert cookie["name"] == "__Host-vox-console"
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
    assert (cookie["path"], cookie["expires"]) == ("/", -1)
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"{sink.url}/console/health")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert sink.fetch("SELECT count(*) FROM console_session") == [(0,)]


def test_a_form_on_another_sites_page_changes_nothing(visit: Visit, sink: ConsoleSink) -> None:
    key, page = enrolled(sink, "build farm"), visit.page
    sign_in(page, sink, sink.admin)
    action = f"{sink.url}/console/keys/{key.public.key_id}/revoke"
    elsewhere = sink.url.replace("127.0.0.1", "localhost")
    page.route(
        f"{elsewhere}/evil",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f"<form method=post action='{action}'><button>Win</button>",
        ),
    )
    page.goto(f"{elsewhere}/evil")
    page.get_by_role("button", name="Win").click()
    expect(page.get_by_role("heading", name="Forbidden")).to_be_visible()
    assert sink.upload(upload_of(key, 1)).status_code == 201
    assert all(line.startswith(REFUSED) for line in visit.logged)
    visit.logged.clear()
    visit.requests = [url for url in visit.requests if not url.startswith(elsewhere)]


def test_every_page_is_accessible_in_light_and_dark_and_fits_a_desk_and_a_phone(
    visit: Visit, busy: ConsoleSink
) -> None:
    page = visit.page
    page.goto(f"{busy.url}/console")
    expect_good(visit)
    sign_in(page, busy, busy.admin)
    for path in (*ADMIN_PAGES, "/console/nowhere"):
        page.goto(f"{busy.url}{path}")
        expect_good(visit)
    assert all(line.startswith(REFUSED) for line in visit.logged)
    visit.logged.clear()


def expect_good(visit: Visit) -> None:
    """Look at the page as it is at a desk, in the dark and on a phone."""
    visit.expect_accessible()
    visit.expect_fits()
    visit.page.emulate_media(color_scheme="dark")
    visit.expect_contrast()
    visit.page.emulate_media(color_scheme="light")
    visit.page.set_viewport_size(PHONE)
    visit.expect_fits()
    visit.page.set_viewport_size(DESKTOP)
