"""Proxies and authorities: a real TLS server, an authority made here, a real forward proxy."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.forward_proxy import forward_proxy
from support.http_answers import reply
from support.http_server import MisbehavingServer, misbehaving_server
from support.tls import Authority
from vox_telemetry_client.delivery import Answer, Fault
from vox_telemetry_client.errors import NotConfiguredError
from vox_telemetry_client.network import DIRECT, Network, proxy_for
from vox_telemetry_client.transport import Transport
from vox_telemetry_spec.wire import ingest_target

SINK = "https://sink.example:8443"
STORED = reply(201, b"stored")


@dataclass
class Sink:
    """A TLS server that goes by the name `sink.example`, and who vouches for it."""

    server: MisbehavingServer
    authority: Authority

    @property
    def hosts(self) -> dict[str, int]:
        return {"sink.example:8443": self.server.port}


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    authority = Authority(tmp_path)
    with misbehaving_server(then=STORED, tls=authority.server("sink.example")) as server:
        yield Sink(server, authority)


def _post(url: str, network: Network) -> Answer | Fault:
    with Transport(
        ingest_target(url), "test/1", network, silence_s=2.0, request_s=4.0
    ) as transport:
        return transport.post({"authorization": "Bearer s3cret"}, b"{}")


def test_a_private_authority_counts_only_where_it_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with misbehaving_server(then=STORED, tls=authority.server("127.0.0.1")) as server:
        assert _post(server.url, DIRECT) is Fault.TLS_UNKNOWN
        assert server.requests == []
        answer = _post(server.url, Network(ca_file=authority.file))
    assert isinstance(answer, Answer)
    assert len(server.requests) == 1


def test_the_named_authority_takes_the_place_of_all_others(tmp_path: Path) -> None:
    other = Authority(tmp_path, "other authority")
    theirs = Authority(tmp_path).server("127.0.0.1")
    with misbehaving_server(then=STORED, tls=theirs) as server:
        assert _post(server.url, Network(ca_file=other.file)) is Fault.TLS_UNKNOWN
    assert Network(ca_file=other.file).tls().cert_store_stats()["x509_ca"] == 1


@pytest.mark.parametrize("ca_file", [False, True])
def test_nothing_older_than_tls_1_2_and_never_unverified(tmp_path: Path, ca_file: bool) -> None:
    context = Network(ca_file=Authority(tmp_path).file if ca_file else None).tls()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_tls_1_1_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    old = authority.server("127.0.0.1", at_most=ssl.TLSVersion.TLSv1_1)
    with misbehaving_server(then=STORED, tls=old) as server:
        assert _post(server.url, Network(ca_file=authority.file)) is Fault.TLS
    assert server.requests == []


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_of_authorities_that_is_none_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NotConfiguredError, match=r"ca\.pem .* expected a file of certificates"):
        Transport(ingest_target(SINK), "test/1", Network(ca_file=path))


def test_the_proxy_carries_tls_that_it_cannot_read(sink: Sink) -> None:
    with forward_proxy(sink.hosts) as proxy:
        network = Network(f"http://127.0.0.1:{proxy.port}", sink.authority.file)
        answer = _post(SINK, network)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (201, b"stored")
    assert (proxy.connects, proxy.authorizations) == (["sink.example:8443"], [None])
    assert sink.server.requests[0].headers["host"] == "sink.example:8443"


@pytest.mark.parametrize(("host", "expected"), [("127.0.0.1", 201), ("other", Fault.TLS_HOST)])
def test_a_proxy_that_speaks_tls_is_verified_as_the_sink_is(
    sink: Sink, host: str, expected: int | Fault
) -> None:
    with forward_proxy(sink.hosts, tls=sink.authority.server(host)) as proxy:
        network = Network(f"https://127.0.0.1:{proxy.port}", sink.authority.file)
        answer = _post(SINK, network)
    assert (answer.status if isinstance(answer, Answer) else answer) == expected


def test_the_certificate_is_verified_behind_a_proxy_too(sink: Sink, tmp_path: Path) -> None:
    hosts = {"another.example:443": sink.server.port}
    with forward_proxy(hosts) as proxy:
        network = Network(f"http://127.0.0.1:{proxy.port}", sink.authority.file)
        assert _post("https://another.example", network) is Fault.TLS_HOST
    assert sink.server.requests == []


def test_the_proxy_gets_its_own_credentials_and_nobody_else_does(sink: Sink) -> None:
    with forward_proxy(sink.hosts) as proxy:
        network = Network(f"http://me:pr0xy@127.0.0.1:{proxy.port}", sink.authority.file)
        _post(SINK, network)
    assert proxy.authorizations == ["basic bwu6chiwehk="]  # me:pr0xy, in lower case as recorded
    assert "proxy-authorization" not in sink.server.requests[0].headers
    assert "pr0xy" not in repr(network)


@pytest.mark.parametrize(
    ("refusal", "fault"),
    [(407, Fault.PROXY_REFUSED), (403, Fault.PROXY_REFUSED), (502, Fault.PROXY)],
)
def test_a_proxy_that_does_not_connect(refusal: int, fault: Fault) -> None:
    with forward_proxy(refusal=refusal) as proxy:
        assert _post(SINK, Network(f"http://127.0.0.1:{proxy.port}")) is fault


def test_a_proxy_that_is_not_there_is_refused() -> None:
    with forward_proxy() as proxy:
        gone = proxy.port
    assert _post(SINK, Network(f"http://127.0.0.1:{gone}")) is Fault.REFUSED


PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY}, PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other:1"}, PROXY),
        ({"ALL_PROXY": PROXY}, PROXY),
        ({"HTTPS_PROXY": PROXY, "ALL_PROXY": "http://other:1"}, PROXY),
        ({"HTTP_PROXY": PROXY}, None),
        ({"HTTPS_PROXY": " "}, None),
        ({"HTTPS_PROXY": "proxy.example:3128"}, PROXY),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "sink.example"}, None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "a.example, .EXAMPLE"}, None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "*.example"}, None),
        ({"HTTPS_PROXY": PROXY, "no_proxy": "sink.example:8443"}, None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "sink.example:443,k.example,other"}, PROXY),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "deep.sink.example"}, PROXY),
    ],
)
def test_the_proxy_of_the_environment(environ: dict[str, str], proxy: str | None) -> None:
    assert proxy_for(ingest_target(SINK), environ) == proxy


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "https://127.0.0.1:1", "https://[::1]:1", "https://localhost:1"]
)
def test_loopback_never_takes_a_proxy(url: str) -> None:
    environ = {"HTTPS_PROXY": PROXY, "HTTP_PROXY": PROXY, "ALL_PROXY": PROXY}
    assert proxy_for(ingest_target(url), environ) is None


@pytest.mark.parametrize(
    "named", ["ftp://u:pr0xy@proxy", "http://", "http://u:pr0xy@proxy:99999", "socks5://u:pr0xy@h"]
)
def test_a_proxy_that_cannot_be_used_is_told_without_its_credentials(named: str) -> None:
    with pytest.raises(NotConfiguredError, match="HTTPS_PROXY or ALL_PROXY cannot be used") as told:
        proxy_for(ingest_target(SINK), {"HTTPS_PROXY": named})
    assert "pr0xy" not in str(told.value)


def test_the_environment_is_not_read_behind_our_back(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    with forward_proxy(sink.hosts) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        with misbehaving_server(then=STORED) as plain:
            assert isinstance(_post(plain.url, DIRECT), Answer)
    assert proxy.connects == []
