import httpx
import pytest

from vox_telemetry_spec.errors import UrlRefusedError
from vox_telemetry_spec.wire import about_target, authority, ingest_target, keys_target

ACCEPTED = [
    # url, the URL that is called, @authority, @path
    ("https://sink.example", "https://sink.example/v1/batches", "sink.example", "/v1/batches"),
    ("https://sink.example/", "https://sink.example/v1/batches", "sink.example", "/v1/batches"),
    ("HTTPS://Sink.EXAMPLE/A", "https://sink.example/A", "sink.example", "/A"),
    ("https://sink.example:443/x", "https://sink.example/x", "sink.example", "/x"),
    ("https://sink.example:/x", "https://sink.example/x", "sink.example", "/x"),
    ("https://sink.example:80/x", "https://sink.example:80/x", "sink.example:80", "/x"),
    ("https://sink.example:8443/x/", "https://sink.example:8443/x/", "sink.example:8443", "/x/"),
    ("https://sink.example/x?", "https://sink.example/x", "sink.example", "/x"),
    ("https://sink.example/x#", "https://sink.example/x", "sink.example", "/x"),
    (
        "https://sink.example/%7Eops/a;b",
        "https://sink.example/%7Eops/a;b",
        "sink.example",
        "/%7Eops/a;b",
    ),
    ("https://sink.example/a..b/.c", "https://sink.example/a..b/.c", "sink.example", "/a..b/.c"),
    (
        "https://xn--bcher-kva.example/x",
        "https://xn--bcher-kva.example/x",
        "xn--bcher-kva.example",
        "/x",
    ),
    ("https://[2001:DB8::1]/x", "https://[2001:db8::1]/x", "[2001:db8::1]", "/x"),
    ("https://10.0.0.7:8443", "https://10.0.0.7:8443/v1/batches", "10.0.0.7:8443", "/v1/batches"),
    ("http://127.0.0.1:8750", "http://127.0.0.1:8750/v1/batches", "127.0.0.1:8750", "/v1/batches"),
    ("http://127.255.0.9/x", "http://127.255.0.9/x", "127.255.0.9", "/x"),
    ("http://localhost:80/x", "http://localhost/x", "localhost", "/x"),
    ("http://LocalHost/x", "http://localhost/x", "localhost", "/x"),
    ("http://[::1]:8750", "http://[::1]:8750/v1/batches", "[::1]:8750", "/v1/batches"),
]

REFUSED = [
    ("", "expected https://HOST"),
    ("sink.example", "expected https://HOST"),
    ("//sink.example/x", "expected https://HOST"),
    ("ftp://sink.example/x", "scheme 'ftp'"),
    ("https://", "host ''"),
    ("https:///x", "host ''"),
    ("https://[1:2", "cannot be parsed"),
    ("https://sink.example:99999/x", "cannot be parsed"),
    ("https://sink.example:https/x", "cannot be parsed"),
    ("https://ops:secret@sink.example/x", "holds credentials"),
    ("https://@sink.example/x", "holds credentials"),
    ("https://:secret@sink.example/x", "holds credentials"),
    ("https://sink.example/x?token=1", "a query or a fragment"),
    ("https://sink.example/x#top", "a query or a fragment"),
    ("http://sink.example/x", "plain http to 'sink.example'"),
    ("http://localhost.evil.com", "plain http to 'localhost.evil.com'"),
    ("http://localhost./x", "plain http"),
    ("http://127.0.0.1.evil.com/x", "plain http"),
    ("http://127.1/x", "plain http"),
    ("http://2130706433/x", "plain http"),
    ("http://0.0.0.0/x", "plain http"),
    ("http://10.0.0.7/x", "plain http"),
    ("http://[2001:db8::1]/x", "plain http"),
    ("https://b\u00fccher.example/x", "xn-- host"),
    ("https://sin\u212a.example/x", "xn-- host"),  # the Kelvin sign lower-cases to k
    (" https://sink.example/x", "a space"),
    ("https://sink.example /x", "a space"),
    ("https://sink.example/a b", "a space"),
    ("https://sink.example/a\nb", "a control"),
    ("https://sink.example/a\tb", "a control"),
    ("https://sink.example/a\x00b", "a control"),
    ("https://sink.example/\x7f", "a control"),
    ("https://sink.example/caf\u00e9", "a percent-encoded path"),
    ("https://sink.example\\x/", "neither a name nor an IP address"),
    ("https://sink%41.example/x", "neither a name nor an IP address"),
    ("https://sink.example;x/", "neither a name nor an IP address"),
    ("https://[fe80::1%25eth0]/x", "neither a name nor an IP address"),
    ("https://[v1.x]/x", "neither a name nor an IP address"),
    ("https://sink.example/a/../b", "dot segment"),
    ("https://sink.example/a/..", "dot segment"),
    ("https://sink.example/./b", "dot segment"),
    ("https://sink.example/%2e%2E/b", "dot segment"),
    ("https://sink.example/.%2e/b", "dot segment"),
    ("https://sink.example/a%zz", "RFC 3986"),
    ("https://sink.example/a%2", "RFC 3986"),
    ('https://sink.example/"a"', "RFC 3986"),
    ("https://sink.example/<a>", "RFC 3986"),
    ("https://sink.example/a|b", "RFC 3986"),
    ("https://sink.example/a\\b", "RFC 3986"),
]


@pytest.mark.parametrize(("given", "url", "name", "path"), ACCEPTED)
def test_an_upload_url_gives_what_is_called_and_what_is_signed(
    given: str, url: str, name: str, path: str
) -> None:
    assert ingest_target(given) == (url, name, path)


@pytest.mark.parametrize(("given", "url", "name", "path"), ACCEPTED)
def test_the_http_client_sends_exactly_the_authority_and_path_that_are_signed(
    given: str, url: str, name: str, path: str
) -> None:
    sent = httpx.Request("POST", ingest_target(given).url)
    assert sent.headers["host"] == name
    assert sent.url.raw_path.decode() == path


@pytest.mark.parametrize(("given", "reason"), REFUSED)
def test_other_upload_urls_are_refused_with_what_was_expected(given: str, reason: str) -> None:
    with pytest.raises(UrlRefusedError, match=reason):
        ingest_target(given)


@pytest.mark.parametrize(
    "url", ["https://ops:hunter2@sink.example", "http://ops:hunter2@sink.example"]
)
def test_a_refusal_never_repeats_credentials(url: str) -> None:
    with pytest.raises(UrlRefusedError) as caught:
        ingest_target(url)
    assert "hunter2" not in str(caught.value)
    assert "ops" not in str(caught.value)


@pytest.mark.parametrize(
    ("scheme", "host", "port", "expected"),
    [
        # RFC 9421 section 2.2.3: lower case, the default port left out.
        ("https", "WWW.Example.COM", 443, "www.example.com"),
        ("http", "www.example.com", 80, "www.example.com"),
        ("http", "www.example.com", 443, "www.example.com:443"),
        ("https", "www.example.com", None, "www.example.com"),
        ("https", "::1", 8443, "[::1]:8443"),
    ],
)
def test_authority_is_as_rfc_9421_normalises_it(
    scheme: str, host: str, port: int | None, expected: str
) -> None:
    assert authority(scheme, host, port) == expected


@pytest.mark.parametrize(
    ("given", "url", "path"),
    [
        ("https://sink.example", "https://sink.example/v1/keys", "/v1/keys"),
        ("http://[::1]:8750/", "http://[::1]:8750/v1/keys", "/v1/keys"),
        ("https://Sink.example:443/a/batches", "https://sink.example/a/keys", "/a/keys"),
        (
            "https://sink.example/batches/batches",
            "https://sink.example/batches/keys",
            "/batches/keys",
        ),
        ("https://batches/batches", "https://batches/keys", "/keys"),
    ],
)
def test_keys_are_enrolled_beside_the_batches(given: str, url: str, path: str) -> None:
    target = keys_target(ingest_target(given))
    assert target == (url, ingest_target(given).authority, path)


@pytest.mark.parametrize("path", ["/v1/ingest", "/v1/batches/", "/v1/mybatches", "/v1/BATCHES"])
def test_an_upload_url_that_does_not_end_in_batches_has_no_keys_url(path: str) -> None:
    with pytest.raises(UrlRefusedError, match="does not end in /batches"):
        keys_target(ingest_target(f"https://sink.example{path}"))


def test_the_sink_tells_of_itself_beside_the_ingest_path() -> None:
    at_root = about_target(ingest_target("https://sink.example"))
    below = about_target(ingest_target("https://sink.example/a/v1/batches"))
    assert (at_root.url, at_root.path) == ("https://sink.example/v1/about", "/v1/about")
    assert below.url == "https://sink.example/a/v1/about"
    assert about_target(ingest_target("https://sink.example/ingest")) is None
