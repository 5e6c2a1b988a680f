"""deploy/nginx.conf: its numbers are the contract's, and a real upload goes through it."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from support.client_world import consent_to
from support.events import benchmark_event
from support.nginx import CONFIG, Proxy, checked, directives, nginx, value
from support.sink_process import sink_process
from support.stored import run
from support.uploads import MEDIA_TYPE, PATH
from support.world import free_port
from vox_telemetry_client import Result, Spool, own_keys
from vox_telemetry_sink.config import DEFAULT_HOST, DEFAULT_PORT
from vox_telemetry_sink.database import connected_pool
from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_spec import limits
from vox_telemetry_spec.problems import ProblemType

TOO_LARGE = b"x" * 2_097_152
UNITS = {"s": 1, "k": 1_024, "m": 1_048_576}


def number(text: str) -> int:
    """Read a size or a time as nginx does: 1m are 1,048,576 bytes, 30s thirty seconds."""
    return int(text[:-1]) * UNITS[text[-1]]


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Proxy]:
    """Give an nginx whose sink is not there."""
    with nginx(tmp_path, free_port()) as proxy:
        yield proxy


def asked(proxy: Proxy, method: str, path: str, **options: object) -> httpx.Response:
    trusting = ssl.create_default_context(cafile=proxy.authority.file)
    with httpx.Client(base_url=proxy.url, verify=trusting, trust_env=False) as client:
        return client.request(method, path, **options)


def test_nginx_takes_the_file_without_a_warning(tmp_path: Path) -> None:
    with nginx(tmp_path, DEFAULT_PORT) as proxy:  # nothing is asked of it
        assert proxy.logs == ""


def test_the_file_is_refused_when_it_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.conf"
    broken.write_text(
        CONFIG.read_text().replace("proxy_pass http://sink;", "proxy_pas http://sink;")
    )
    monkeypatch.setattr("support.nginx.CONFIG", broken)
    with pytest.raises(AssertionError, match='unknown directive "proxy_pas"'):
        checked(tmp_path)


def test_sizes_are_those_of_limits_py() -> None:
    assert number(*value("client_max_body_size")) == limits.CODED_BODY_MAX_BYTES
    # A body that is taken never goes to a disk of the proxy's.
    assert number(*value("client_body_buffer_size")) == limits.CODED_BODY_MAX_BYTES
    count, size = value("large_client_header_buffers")
    assert int(count) * number(size) <= limits.HEADERS_MAX_BYTES
    assert int(count) * number(size) >= limits.SIGNATURE_BASE_MAX_BYTES
    count, size = value("proxy_buffers")
    assert int(count) * number(size) >= limits.ANSWER_MAX_BYTES
    assert value("proxy_max_temp_file_size") == ["0"]


def test_times_are_those_of_limits_py() -> None:
    for name in ("client_header_timeout", "client_body_timeout", "proxy_send_timeout"):
        assert number(*value(name)) == limits.RECEIVE_DEADLINE_S, name
    assert number(*value("proxy_read_timeout")) > limits.DRAIN_DEADLINE_S
    assert number(*value("keepalive_timeout", "http")) == limits.KEEP_ALIVE_IDLE_MAX_S
    # The proxy closes an idle connection before the sink does: no request runs into the close.
    assert number(*value("keepalive_timeout", "upstream sink")) < limits.KEEP_ALIVE_IDLE_MAX_S
    [retry] = [words for words in directives(CONFIG.read_text()) if "Retry-After" in words]
    assert int(retry[3]) == limits.OVERLOAD_RETRY_AFTER_S


def test_it_calls_the_sink_where_that_listens_unless_told_otherwise() -> None:
    assert value("server", "upstream sink") == [f"{DEFAULT_HOST}:{DEFAULT_PORT}"]


def test_no_plain_http_and_nothing_older_than_tls_1_2() -> None:
    listens = [words[2:] for words in directives(CONFIG.read_text()) if words[1] == "listen"]
    assert listens == [("443", "ssl", "default_server"), ("443", "ssl")]
    assert value("ssl_protocols") == ["TLSv1.2", "TLSv1.3"]


async def enrol(database_url: str, key_file: Path) -> None:
    """Make a client's key in a file and enrol it."""
    key = own_keys.generate_file(key_file)
    async with connected_pool(database_url) as pool:
        await KeyStore(pool).add(key.public, KeyGrant("through nginx"), now=datetime.now(UTC))


async def test_a_client_uploads_through_it_and_a_body_of_2_mib_gets_our_413(
    database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key_file = tmp_path / "key.pem"
    await enrol(database_url, key_file)
    monkeypatch.setenv("VOX_TELEMETRY_KEY_FILE", str(key_file))
    port = free_port()
    with sink_process(database_url, port) as sink, nginx(tmp_path, port) as proxy:
        consent_to(proxy.url)
        spool = Spool.open(tmp_path / "spool")
        spool.enqueue([benchmark_event(), benchmark_event()])
        report = spool.upload(url=proxy.url, ca_file=proxy.authority.file)
        refused = asked(
            proxy, "POST", PATH, content=TOO_LARGE, headers={"content-type": MEDIA_TYPE}
        )
        asked_of_the_sink = asked(
            proxy, "GET", "/nowhere", headers={"x-request-id": "a-clients-own"}
        )
    assert [row.result for row in report.outcomes] == [Result.ACKNOWLEDGED], report
    assert await run(database_url, "SELECT event_count FROM batch") == [(2,)]
    assert refused.status_code == 413
    assert refused.headers["content-type"] == "application/problem+json"
    problem = ProblemType.BODY_TOO_LARGE
    assert refused.json() == {
        "type": problem.uri,
        "title": problem.title,
        "status": problem.status,
        "detail": "the body has more than 1048576 bytes, expected at most that: split it",
    }
    assert sink.logged["refused"] == 1  # the 404 alone: the 413 never reached it
    assert asked_of_the_sink.status_code == 404
    assert len(asked_of_the_sink.headers["x-request-id"]) == 32  # nginx's own, taken over
    assert proxy.logs == ""  # no line, so no address


def test_a_sink_that_is_away_is_a_problem_to_be_tried_again_and_no_line(away: Proxy) -> None:
    answer = asked(away, "POST", PATH, content=b"{}")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["status"] == 503
    assert len(answer.headers["x-request-id"]) == 32
    long_header = asked(away, "GET", "/livez", headers={"x-long": "x" * 9_000})
    assert (long_header.status_code, long_header.json()["status"]) == (400, 400)
    assert away.logs == ""


def test_a_body_is_taken_up_to_the_limit_and_never_written_to_a_disk(away: Proxy) -> None:
    limit = limits.CODED_BODY_MAX_BYTES
    assert asked(away, "POST", PATH, content=b"x" * limit).status_code == 503  # the sink's turn
    assert asked(away, "POST", PATH, content=b"x" * (limit + 1)).status_code == 413
    pieces = (b"x" * 65_536 for _ in range(limit // 65_536 + 1))  # no Content-Length
    assert asked(away, "POST", PATH, content=pieces).status_code == 413
    written = [path for path in away.folder.glob("*/*") if path.is_file()]
    assert written == []
    assert away.logs == ""


def test_the_console_is_not_reached_from_outside_however_its_path_is_written(away: Proxy) -> None:
    for path in ("/console", "/console/", "/console/sign-in", "/%63onsole/keys", "/console//keys"):
        answer = asked(away, "GET", path)
        assert (path, answer.status_code) == (path, 404)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == ProblemType.NOT_FOUND.uri
        assert answer.json()["title"] == ProblemType.NOT_FOUND.title
    assert asked(away, "GET", "/consoles").status_code == 503  # the sink's turn


def test_another_name_than_ours_gets_no_handshake(away: Proxy) -> None:
    trusting = ssl.create_default_context(cafile=away.authority.file)
    other = away.url.replace("localhost", "127.0.0.1")
    with (
        httpx.Client(verify=trusting, trust_env=False) as client,
        pytest.raises(httpx.ConnectError, match="UNRECOGNIZED_NAME"),
    ):
        client.get(other)
    assert away.logs == ""
