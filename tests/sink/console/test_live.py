"""The live queue in a real browser: the numbers that the sink gave, every 5 seconds, until paused.

No test here is a coroutine: see the fixture `browser`.
"""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import Visit, visiting
from support.console_sink import ConsoleSink, console_sink


@pytest.fixture
def sink(database_url: str, tmp_path: Path) -> Any:
    with console_sink(database_url, tmp_path) as sink:
        yield sink


def open_health(page: Page, sink: ConsoleSink) -> None:
    page.goto(f"{sink.url}/console/health")
    page.get_by_label("Console token").fill(sink.admin)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{sink.url}/console/health")


def asked(visit: Visit) -> int:
    return sum(url.endswith("/console/live") for url in visit.requests)


def test_the_live_queue_is_asked_for_every_5_seconds_until_it_is_paused(
    visit: Visit, sink: ConsoleSink
) -> None:
    page = visit.page
    page.clock.install()
    open_health(page, sink)
    expect(page.get_by_text("Every 5 seconds.")).to_be_visible()
    for place in page.locator("[data-live]").all():
        place.evaluate("place => { place.textContent = 'stale'; }")
    with page.expect_response("**/console/live") as answered:
        page.clock.run_for(5000)
    given = answered.value.json()
    for name, words in given.items():
        expect(page.locator(f"[data-live={name}]")).to_have_text(words)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused.")).to_be_visible()
    before = asked(visit)
    page.clock.run_for(30_000)
    assert asked(visit) == before == 1
    with page.expect_response("**/console/live"):
        page.get_by_role("button", name="Pause").click()
    visit.expect_accessible()


def test_who_is_signed_out_meanwhile_is_told_so(visit: Visit, sink: ConsoleSink) -> None:
    page = visit.page
    page.clock.install()
    open_health(page, sink)
    visit.context.clear_cookies()
    with page.expect_response("**/console/live"):
        page.clock.run_for(5000)
    expect(page.get_by_text("Signed out: load the page again.")).to_be_visible()
    visit.logged.clear()  # chromium logs the 403 that was asked for


def test_without_a_script_the_page_says_to_load_it_again(
    browser: Browser, sink: ConsoleSink
) -> None:
    with visiting(browser, java_script_enabled=False) as visit:
        open_health(visit.page, sink)
        expect(visit.page.get_by_text("Load the page again for newer numbers.")).to_be_visible()
        expect(visit.page.get_by_role("button", name="Pause")).to_be_hidden()
        expect(visit.page.locator("[data-live=pool]")).to_contain_text("idle")
