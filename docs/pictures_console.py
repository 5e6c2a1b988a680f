"""Make the pictures of the console in docs/images from made-up data: `make pictures`.

A person looks at them; no test compares them. They are made by the browser of the tests, from the
data of the tests (tests/support/console_data.py), on a database that is gone afterwards.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser

from support.browser import PHONE, running_browser, visiting
from support.console_data import seed_console
from support.console_sink import ConsoleSink, apart, console_sink
from support.postgres import migrated_template, some_postgres

IMAGES = Path(__file__).parent / "images"
# Longer than windows are, to see the chart and what is under it.
OVERVIEW_HEIGHT = 1180
PHONE_HEIGHT = 1500


def main() -> None:
    """Make them all."""
    IMAGES.mkdir(exist_ok=True)
    with (
        some_postgres(None) as server,
        migrated_template(server) as template,
        server.fresh_database(template=template) as database_url,
        tempfile.TemporaryDirectory() as folder,
    ):
        apart(lambda: seed_console(database_url, datetime.now(UTC)))
        with console_sink(database_url, Path(folder)) as sink, running_browser() as browser:
            take(sink, browser)


def take(sink: ConsoleSink, browser: Browser) -> None:
    """Sign in and take each picture."""
    tall = {"width": 1280, "height": OVERVIEW_HEIGHT}
    _take(sink, browser, "/console", "console-overview.png", viewport=tall)
    _take(sink, browser, "/console/keys", "console-keys-dark.png", color_scheme="dark")
    long = {**PHONE, "height": PHONE_HEIGHT}
    _take(sink, browser, "/console", "console-phone.png", viewport=long)


def _take(sink: ConsoleSink, browser: Browser, path: str, name: str, **options: object) -> None:
    with visiting(browser, **options) as visit:
        visit.page.goto(f"{sink.url}{path}")
        visit.page.get_by_label("Console token").fill(sink.admin)
        visit.page.get_by_role("button", name="Sign in").click()
        visit.page.wait_for_url(f"{sink.url}{path}")
        visit.picture(IMAGES / name)
    print(f"{name}: {(IMAGES / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
