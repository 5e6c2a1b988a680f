"""The pictures of the README, of made-up data: `make pictures` keeps them in docs/images."""

from pathlib import Path

from playwright.sync_api import Browser

from support.browser import visiting
from support.operator_machine import Machine, looking

WINDOW = {"width": 1_280, "height": 860}
MAX_BYTES = 200_000


def test_pictures_of_the_disclosure_page(
    machine: Machine, browser: Browser, pictures: Path
) -> None:
    batch = f"/pending/{machine.pending[1]}"
    for name, path, scheme in (
        ("view-pending.png", "/pending", "light"),
        ("view-batch-dark.png", batch, "dark"),
    ):
        options = {"viewport": WINDOW, "color_scheme": scheme}
        with visiting(browser, **options) as visit, looking(visit.page, machine.config) as origin:
            visit.page.goto(origin + path)
            assert str(machine.config.spool.parents[3]) not in visit.page.content()
            visit.picture(pictures / name)
        assert (pictures / name).stat().st_size < MAX_BYTES
