"""A real browser, Debian's chromium, and what every page of ours must keep to in it.

A page that logs an error, asks another host for anything, or fails axe-core's rules of WCAG 2.1 AA
fails the test that visits it: `Visit.end` looks, and the fixture calls it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    sync_playwright,
)

from support.debian import program

ARGUMENTS: Final = (
    "--no-sandbox",  # CI runs as root, where chromium's sandbox refuses to start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
_WCAG: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
    "preload": False,  # it would load our style sheets anew, against our own Content-Security-Policy
}


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Run chromium for the length of a block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium"), args=list(ARGUMENTS)
        )
        yield browser
        browser.close()


class Visit:
    """One visitor: own cookies, one page, and a note of what a page must not do."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.logged: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.logged.append(str(error)))
        context.on("request", self._note_request)

    def expect_accessible(self) -> None:
        """Look at the page as it is now with axe-core."""
        self._expect(_WCAG)

    def expect_contrast(self) -> None:
        """Look at its colours alone: what else there is to see is the same in light and dark."""
        self._expect({**_WCAG, "runOnly": {"type": "rule", "values": ["color-contrast"]}})

    def _expect(self, options: dict[str, Any]) -> None:
        found: Any = Axe().run(self.page, options=options).response["violations"]
        told = [
            f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}"
            for one in found
        ]
        assert told == [], told

    def expect_fits(self) -> None:
        """Tell that nothing but a table's own box has to be scrolled sideways."""
        wide = self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide, "the page is wider than the window"

    def picture(self, file: Path) -> None:
        """Keep what is seen; the file is made for a person to look at, no test compares it."""
        self.page.screenshot(path=file)

    def end(self) -> None:
        """Close, and tell what the page did that it must not.

        A refused request of ours (4xx) is logged by chromium as an error, too: a test that asks
        for one takes it out of `logged` after looking at it.
        """
        self.context.close()
        assert self.logged == [], self.logged
        strangers = {urlsplit(url).hostname for url in self.requests} - {"127.0.0.1", None}
        assert strangers == set(), "a page asked another host"

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.logged.append(message.text)

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)


@contextmanager
def visiting(browser: Browser, **options: Any) -> Iterator[Visit]:
    """Visit with a new, empty profile; `options` are those of `Browser.new_context`."""
    visit = Visit(browser.new_context(**{"viewport": DESKTOP, **options}))
    try:
        yield visit
    except BaseException:
        visit.context.close()
        raise
    visit.end()
