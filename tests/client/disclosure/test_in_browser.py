"""The disclosure page in a real browser; each visit fails on console errors and on other hosts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from support.browser import PHONE, Visit, visiting
from support.operator_machine import Machine, leave, looking
from vox_telemetry_client.disclosure.serving import serving

# Between them they have every colour and every kind of box; axe-core takes long.
DARK = ("/", "/insights", "/sent", "/decisions")


def _pages(machine: Machine) -> Iterator[str]:
    waiting, refused = machine.pending[-1], machine.rejected[0]
    yield from ("/", "/insights", "/pending", "/rejected", "/sent", "/decisions")
    yield from (f"/pending/{waiting}", f"/pending/{waiting}/event/4", f"/rejected/{refused}")
    yield "/sent/3"


@pytest.mark.parametrize(
    "options",
    [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": PHONE}],
    ids=["light, desktop", "dark, phone"],
)
def test_every_page_is_accessible_and_fits(
    machine: Machine, browser: Browser, options: dict[str, object]
) -> None:
    with visiting(browser, **options) as visit, looking(visit.page, machine.config) as origin:
        for path in _pages(machine):
            visit.page.goto(origin + path)
            if path == "/decisions":
                visit.page.get_by_text("All forbidden-field rules").click()
            visit.expect_fits()
            if options["color_scheme"] == "light" or path in DARK:
                visit.expect_accessible()


def test_the_bytes_seen_are_those_of_the_file(machine: Machine, visit: Visit) -> None:
    batch_id = machine.pending[1]
    payload = (machine.config.spool / "pending" / f"{batch_id}.json").read_bytes()
    with looking(visit.page, machine.config) as origin:
        for path in (f"/pending/{batch_id}", f"/pending/{batch_id}/event/200"):
            visit.page.goto(origin + path)
            seen = visit.page.locator("pre.bytes").text_content()
            assert seen is not None
            assert seen.encode() == payload
        marked = visit.page.locator("pre.bytes mark").text_content()
        assert marked is not None
        assert payload.split(b'{"metric_type"')[201].rstrip(b",") in marked.encode()
        with visit.page.expect_download() as download:
            visit.page.get_by_role("link", name="Download the file").click()
        assert Path(download.value.path()).read_bytes() == payload


def test_the_address_is_good_for_one_browser(machine: Machine, browser: Browser) -> None:
    with serving(machine.config) as address, visiting(browser) as first, visiting(browser) as other:
        first.page.goto(address)
        assert first.page.url == address.partition("/open/")[0] + "/"
        assert first.page.get_by_role("heading", level=1).text_content() == (
            "What is here, and what was sent"
        )
        (cookie,) = first.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        other.page.goto(address)
        assert "This address has been used: it is good once" in other.page.inner_text("main")
        assert other.context.cookies() == []
        leave(other.page)
        # The page, and the icon that chromium asks for by itself.
        assert all("status of 403" in line for line in other.logged)
        other.logged.clear()
        first.page.goto(address)  # going back is no trouble
        assert first.page.url == address.partition("/open/")[0] + "/"
        leave(first.page)


def test_a_request_that_could_change_something_is_refused(machine: Machine, visit: Visit) -> None:
    with looking(visit.page, machine.config) as origin:
        for method in ("POST", "DELETE", "PUT"):
            answer = visit.context.request.fetch(f"{origin}/pending", method=method)
            assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
        rebound = visit.context.request.get(
            f"{origin}/pending", headers={"Host": "rebound.example"}
        )
        assert rebound.status == 421


def test_the_main_path_can_be_walked_with_the_keyboard_alone(
    machine: Machine, visit: Visit
) -> None:
    def focused() -> str:
        return str(visit.page.evaluate("document.activeElement.textContent.trim()"))

    def tab_to(text: str) -> None:
        for _ in range(40):
            visit.page.keyboard.press("Tab")
            if focused() == text:
                assert visit.page.evaluate(
                    "getComputedStyle(document.activeElement).outlineStyle"
                ) in ("solid", "auto")
                return
        pytest.fail(f"no way to '{text}' by Tab")

    with looking(visit.page, machine.config) as origin:
        visit.page.keyboard.press("Tab")
        assert focused() == "Skip to the content"
        assert visit.page.locator(".skip").bounding_box() is not None
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url(f"{origin}/#main")
        for text, path in (
            ("Pending", "/pending"),
            (machine.pending[-1], f"/pending/{machine.pending[-1]}"),
            ("3", f"/pending/{machine.pending[-1]}/event/3"),
        ):
            tab_to(text)
            visit.page.keyboard.press("Enter")
            visit.page.wait_for_url(origin + path)
        tab_to("Go to its bytes")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/event/3#bytes-3")


def test_hostile_bytes_are_seen_spelt_out(machine: Machine, visit: Visit) -> None:
    name = "019abcde-0000-7000-8000-000000000009"
    (machine.config.spool / "pending" / f"{name}.json").write_bytes(
        b"\n<img src=x onerror=alert(1)>\xff\x00\xe2\x80\xae"
    )
    with looking(visit.page, machine.config) as origin:
        visit.page.goto(f"{origin}/pending/{name}")
        seen = visit.page.locator("pre.bytes").text_content()
        assert seen == "\n<img src=x onerror=alert(1)>\\xff\\x00\\u202e"
        visit.expect_accessible()
