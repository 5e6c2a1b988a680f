"""The way to the sink, broken at each step."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.http_answers import Answer
from support.http_server import misbehaving_server
from support.tls import Authority

from .conftest import pages


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (None, "no upload URL"),
        ("", "is blank"),
        ("http://sink.example", "plain http"),
        ("https://u:geheim@sink.example", "holds credentials"),
    ],
    ids=["none", "blank", "plain-http", "credentials"],
)
def test_url(healthy, doctor, url: str | None, told: str) -> None:
    if url is None:
        healthy.monkeypatch.delenv("VOX_TELEMETRY_UPLOAD_URL")
    else:
        healthy.monkeypatch.setenv("VOX_TELEMETRY_UPLOAD_URL", url)
    found = doctor()
    assert (found["url"]["state"], told in found["url"]["found"]) == ("fail", True)
    assert "geheim" not in str(found)
    assert found["tls"]["found"] == "there is no usable upload URL, see url"


def test_url_of_the_keyring(healthy, doctor, keyring_backend) -> None:
    healthy.monkeypatch.delenv("VOX_TELEMETRY_UPLOAD_URL")
    keyring_backend.set_password("vox-telemetry", "VoxTelemetryUploadUrl", healthy.sink.url)
    assert doctor()["url"]["found"] == f"{healthy.sink.url}/v1/batches"


@pytest.mark.parametrize(
    ("proxy", "state", "told"),
    [
        ("http://user:geheim@proxy.example:3128", "ok", "proxy.example:3128"),
        ("gopher://proxy.example", "fail", "cannot be used"),
        ("http://proxy.example:port", "fail", "cannot be used"),
    ],
    ids=["with-password", "scheme", "port"],
)
def test_proxy(healthy, doctor, proxy: str, state: str, told: str) -> None:
    healthy.use("https://sink.example")
    healthy.monkeypatch.setenv("HTTPS_PROXY", proxy)
    found = doctor("--offline")
    assert (found["proxy"]["state"], told in found["proxy"]["found"]) == (state, True)
    assert "geheim" not in str(found)
    expected = "the proxy looks the name up" if state == "ok" else "the proxy cannot be used"
    assert found["dns"]["found"].startswith(expected)


def test_no_proxy_to_loopback_nor_where_no_proxy_names_the_host(healthy, doctor) -> None:
    healthy.monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert doctor("--offline")["proxy"]["found"] == "none"
    healthy.use("https://sink.example")
    healthy.monkeypatch.setenv("NO_PROXY", "sink.example")
    assert doctor("--offline")["proxy"]["found"] == "none"


def test_ca(healthy, doctor, tmp_path: Path) -> None:
    healthy.use("https://127.0.0.1:1")
    assert doctor("--offline")["ca"]["found"] == "those of the operating system"
    (tmp_path / "ca.pem").write_text("no certificate")
    for file in ("ca.pem", "gone.pem"):
        healthy.monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / file))
        found = doctor("--offline")["ca"]
        assert (found["state"], str(tmp_path / file) in found["found"]) == ("fail", True)


def test_dns(healthy, doctor) -> None:
    # A label of 64 letters is refused before anybody is asked (RFC 1035 section 2.3.4).
    healthy.use(f"https://{'a' * 64}.example")
    found = doctor()
    assert found["dns"]["state"] == "fail"
    assert "no name that can be looked up" in found["dns"]["found"]


def test_dns_finds_loopback(healthy, doctor) -> None:
    healthy.use(f"http://localhost:{healthy.sink.port}")
    assert "127.0.0.1" in doctor()["dns"]["found"]


def test_dns_that_does_not_answer_is_bounded(healthy, doctor) -> None:
    import threading

    release = threading.Event()

    def slow(*_: object, **__: object) -> list[object]:
        release.wait(30)
        raise socket.gaierror("late")

    healthy.monkeypatch.setattr("vox_telemetry_client.doctor.network.CONNECT_TIMEOUT_S", 0.2)
    healthy.use(f"http://localhost:{healthy.sink.port}")
    healthy.monkeypatch.setattr(socket, "getaddrinfo", slow)
    from vox_telemetry_client.doctor.network import _addresses

    assert _addresses("localhost") == "no answer in 0 s"
    release.set()


def test_tls(healthy, doctor, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with misbehaving_server(then=pages(), tls=authority.server("127.0.0.1")) as server:
        healthy.use(server.url)
        untrusted = doctor()
        assert untrusted["tls"]["state"] == "fail"
        assert untrusted["sink.answer"]["state"] == "fail"
        healthy.monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        found = doctor()
    assert found["ca"]["found"] == f"1 in {authority.file}, and no others"
    # The certificate of this test ends within an hour.
    assert found["tls"]["state"] == "warn"
    today = datetime.now(UTC)
    assert found["tls"]["found"].startswith("TLSv1.3, the certificate is valid until 20")
    assert str(today.year) in found["tls"]["found"]


def test_tls_for_another_host(healthy, doctor, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    healthy.monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with misbehaving_server(then=pages(), tls=authority.server("127.0.0.2")) as server:
        healthy.use(server.url)
        assert doctor()["tls"]["state"] == "fail"


def test_tls_with_a_server_that_speaks_none(healthy, doctor) -> None:
    plain = Answer(lambda c, _: c.socket.sendall(b"SSH-2.0-x\r\n"), reads_request=False)
    with misbehaving_server(then=plain) as server:
        healthy.use(f"https://127.0.0.1:{server.port}")
        assert doctor()["tls"]["state"] == "fail"
