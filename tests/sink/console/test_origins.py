import pytest

from vox_telemetry_sink.console.origins import check_same_origin, own_origins
from vox_telemetry_sink.errors import ConsoleRefusalError

OURS = frozenset({"https://sink.example"})


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8750", "http://127.0.0.1:8750"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("LOCALHOST:8750", "http://localhost:8750"),
        ("[::1]:8750", "http://[::1]:8750"),
    ],
)
def test_loopback_is_always_ours(host: str, origin: str) -> None:
    assert origin in own_origins(host, None, None)
    assert origin in own_origins(host, "https://sink.example", "sink.example")


def test_the_public_name_is_ours_with_its_scheme_alone() -> None:
    ours = own_origins("Sink.example:443", "https://sink.example", "sink.example")
    assert ours == {"https://sink.example"}
    assert own_origins("sink.example:8443", None, "sink.example:8443") == {
        "https://sink.example:8443"
    }


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8750",
        "sink.example.evil.example",
        "sink.example:9999",
        "127.0.0.1:8750, evil.example",
        "127.0.0.1:x",
        "10.0.0.1:8750",
        "::1",
    ],
)
def test_another_name_is_refused(host: str) -> None:
    with pytest.raises(ConsoleRefusalError, match="does not answer under this name") as caught:
        own_origins(host, "https://sink.example", "sink.example")
    assert caught.value.status == 421
    with pytest.raises(ConsoleRefusalError, match="VOX_SINK_PUBLIC_ORIGIN"):
        own_origins("sink.example", None, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"origin": "https://sink.example"},
        {"origin": "https://sink.example", "sec-fetch-site": "same-origin"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin"},
    ],
)
def test_a_form_of_our_own_page_passes(fields: dict[str, str]) -> None:
    check_same_origin("POST", fields, OURS)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://sink.example"},
        {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
        {"origin": "https://sink.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://sink.example.evil.example"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_form_of_anybody_else_does_not(fields: dict[str, str]) -> None:
    for method in ("POST", "PUT", "DELETE"):
        with pytest.raises(ConsoleRefusalError, match="Another site's page, or no page"):
            check_same_origin(method, fields, OURS)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_changes_nothing_is_not_asked_where_it_comes_from(method: str) -> None:
    check_same_origin(method, {"sec-fetch-site": "cross-site"}, OURS)
