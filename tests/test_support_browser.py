"""The browser of the tests tells what a page does that it must not."""

import pytest
from playwright.sync_api import Browser

from support.browser import PHONE, Visit, visiting

GOOD = "<!doctype html><html lang=en><title>t</title><main><h1>t</h1></main>"


def test_a_good_page_is_accessible_and_fits(visit: Visit) -> None:
    visit.page.set_content(GOOD)
    visit.expect_accessible()
    visit.expect_fits()


def test_an_image_without_a_text_is_told(visit: Visit) -> None:
    visit.page.set_content(GOOD + "<img src='data:,'>")
    visit.page.wait_for_load_state()
    with pytest.raises(AssertionError, match="image-alt"):
        visit.expect_accessible()


def test_a_text_that_is_hard_to_read_is_told(visit: Visit) -> None:
    visit.page.set_content(GOOD + "<p style='color: #bbb; background: #fff'>hard to read</p>")
    with pytest.raises(AssertionError, match="color-contrast"):
        visit.expect_contrast()


def test_a_page_wider_than_a_phone_is_told(browser: Browser) -> None:
    with visiting(browser, viewport=PHONE) as visit:
        visit.page.set_content(GOOD + "<pre>" + "wide " * 200 + "</pre>")
        with pytest.raises(AssertionError, match="wider than the window"):
            visit.expect_fits()


def test_an_error_in_the_console_fails_the_visit(browser: Browser) -> None:
    with pytest.raises(AssertionError, match="it broke"):
        _see(browser, GOOD + "<script>console.error('it broke')</script>")


def test_a_request_to_another_host_fails_the_visit(browser: Browser) -> None:
    page = GOOD + "<img alt='' src='http://elsewhere.invalid/x.png'>"
    with pytest.raises(AssertionError, match="another host"):
        _see(browser, page)


def _see(browser: Browser, page: str) -> None:
    with visiting(browser) as visit:
        visit.page.route("http://elsewhere.invalid/**", lambda route: route.fulfill(body=""))
        visit.page.set_content(page)
