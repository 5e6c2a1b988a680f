import pytest

from vox_telemetry_sink.console.places import (
    is_console,
    is_open,
    is_page,
    normal,
    safe_next,
    sign_in_address,
)


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        ("/console", True),
        ("/console/", True),
        ("//console/keys", True),
        ("/console//keys/", True),
        ("/consoles", False),
        ("/v1/console", False),
        ("/", False),
        ("", False),
    ],
)
def test_a_path_is_judged_as_it_is_routed(path: str, is_ours: bool) -> None:
    assert is_console(normal(path)) is is_ours


@pytest.mark.parametrize(
    ("path", "is_seen"),
    [
        ("/console/sign-in", True),
        ("/console/static/console.css", True),
        ("/console/static", False),
        ("/console/sign-in/x", False),
        ("/console/sign-out", False),
        ("/console", False),
    ],
)
def test_only_the_sign_in_page_and_its_looks_are_open(path: str, is_seen: bool) -> None:
    assert is_open(path) is is_seen


def test_figures_for_programs_are_no_pages() -> None:
    assert is_page("/console/keys")
    assert not is_page("/console/keys.csv")
    assert not is_page("/console/live")


@pytest.mark.parametrize(
    "wanted",
    ["/console", "/console/keys", "/console/families?days=7&family=benchmark", "/console/keys/-a_"],
)
def test_a_page_of_the_console_may_follow_a_sign_in(wanted: str) -> None:
    assert safe_next(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "//evil.example/console",
        "///evil.example/console",
        "https://evil.example/console",
        "/\\evil.example",
        "/console\\@evil.example",
        "/console/../v1/batches",
        "/console//evil.example",
        "/console@evil.example/",
        "javascript:alert(1)",
        "console/keys",
        "/v1/about",
        "/consoles",
        "/console/sign-in",
        "/console/sign-in?next=/console",
        "/console/static/console.css",
        "/console/live",
        "/console/keys.csv",
        "/console/\r\nset-cookie: a=b",
        "/console/\t/evil.example",
        "/console/k\u00e9y",
        "/console?" + "a" * 600,
    ],
)
def test_nothing_else_follows_a_sign_in(wanted: str) -> None:
    assert safe_next(wanted) == "/console"


def test_the_way_back_is_one_parameter() -> None:
    assert sign_in_address("/console", "") == "/console/sign-in"
    assert sign_in_address("/console/keys", "a=1&b=%26") == (
        "/console/sign-in?next=/console/keys%3Fa%3D1%26b%3D%2526"
    )
    assert sign_in_address("/console/a\r\nb", "") == "/console/sign-in?next=/console/a%250D%250Ab"
