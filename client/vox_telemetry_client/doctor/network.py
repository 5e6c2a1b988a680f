"""The way to the sink: URL, proxy, certificates, name and TLS."""

import ipaddress
import socket
import ssl
from datetime import timedelta
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from cryptography import x509

from vox_telemetry_client.delivery import Fault
from vox_telemetry_client.doctor.finding import Seen, fail, ok, skip, warn
from vox_telemetry_client.doctor.visit import Visit
from vox_telemetry_client.limits import CERTIFICATE_ENDS_SOON_S, CONNECT_TIMEOUT_S
from vox_telemetry_spec.wire import IngestTarget

_PLAIN = "plain http to loopback"


def url(visit: Visit) -> Seen:
    """Look whether there is a URL that telemetry may be sent to."""
    found = visit.url
    return ok(found.url) if isinstance(found, IngestTarget) else fail(str(found))


def proxy(visit: Visit) -> Seen:
    """Say which proxy is used."""
    found = _proxy(visit)
    if found is None:
        return ok("none")
    parts = urlsplit(found if "://" in found else f"http://{found}")
    try:
        shown = f"{parts.hostname or ''}:{parts.port or 80}"  # its name and password never show
    except ValueError:
        return fail("HTTPS_PROXY holds no usable port")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return fail(f"HTTPS_PROXY has the scheme '{parts.scheme}', expected http://HOST:PORT")
    return ok(shown)


def authorities(visit: Visit) -> Seen:
    """Say which certificate authorities are trusted, and whether they can be read."""
    if not visit.is_tls:
        return skip(_PLAIN)
    file = visit.facts.switches.environ.get("SSL_CERT_FILE")
    if not file:
        return ok("those of the operating system")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=Path(file))
    except (OSError, ssl.SSLError) as exc:
        return fail(f"{file} holds no certificates that can be read ({type(exc).__name__})")
    return ok(f"{context.cert_store_stats()['x509_ca']} in {file}")


def name(visit: Visit) -> Seen:
    """Look whether the host's name leads to an address."""
    if _is_address(visit.host):
        return ok(f"{visit.host} is an address")
    if _proxy(visit) is not None:
        return skip("the proxy looks the name up")
    visit.allow_network()
    found = _addresses(visit.host)
    if isinstance(found, str):
        return fail(f"{visit.host}: {found}")
    return ok(f"{visit.host} is {', '.join(found)}")


def tls(visit: Visit) -> Seen:
    """Look whether TLS works, with a certificate that this machine trusts."""
    if not visit.is_tls:
        return skip(_PLAIN)
    reply = visit.reply
    if reply.answer is Fault.TLS:
        return fail("the sink's certificate is not trusted, or there is no common TLS version")
    if isinstance(reply.answer, Fault):
        return skip("no connection, see sink.answer")
    if reply.certificate is None:
        return ok("trusted")
    end = x509.load_der_x509_certificate(reply.certificate).not_valid_after_utc
    found = f"{reply.tls_version}, the certificate is valid until {end:%Y-%m-%d}"
    soon = end - visit.around.now() < timedelta(seconds=CERTIFICATE_ENDS_SOON_S)
    return warn(found, "ask the sink's operator to renew it") if soon else ok(found)


def _proxy(visit: Visit) -> str | None:
    """Return the proxy for the target; plain http goes to loopback and never takes one."""
    if not visit.is_tls or proxy_bypass(visit.host):
        return None
    found = getproxies()
    return found.get("https") or found.get("all")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _addresses(host: str) -> list[str] | str:
    """Return the addresses of a host, or why there are none; the resolver may take its time."""
    answers: list[list[str] | str] = []

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            answers.append(sorted({str(one[4][0]) for one in found}))
        except (OSError, UnicodeError) as exc:
            answers.append(getattr(exc, "strerror", None) or "no name that can be looked up")

    thread = Thread(target=ask, daemon=True)  # it must not keep the program
    thread.start()
    thread.join(CONNECT_TIMEOUT_S)
    return answers[0] if answers else f"no answer in {CONNECT_TIMEOUT_S:.0f} s"
