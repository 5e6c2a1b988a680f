"""The way to the sink: URL, proxy, certificates, name and TLS."""

import ipaddress
import socket
from datetime import timedelta
from threading import Thread
from urllib.parse import urlsplit

from cryptography import x509

from vox_telemetry_client.delivery import Fault
from vox_telemetry_client.doctor.finding import Seen, fail, ok, skip, warn
from vox_telemetry_client.doctor.visit import UnknownError, Visit
from vox_telemetry_client.errors import NotConfiguredError
from vox_telemetry_client.limits import CERTIFICATE_ENDS_SOON_S, CONNECT_TIMEOUT_S
from vox_telemetry_client.network import Network
from vox_telemetry_spec.wire import IngestTarget, authority

_PLAIN = "plain http to loopback"
_TLS_FAULTS = {Fault.TLS, Fault.TLS_EXPIRED, Fault.TLS_HOST, Fault.TLS_UNKNOWN}


def url(visit: Visit) -> Seen:
    """Look whether there is a URL that telemetry may be sent to."""
    found = visit.url
    return ok(found.url) if isinstance(found, IngestTarget) else fail(str(found))


def proxy(visit: Visit) -> Seen:
    """Say which proxy is used."""
    try:
        found = visit.proxy
    except UnknownError:
        if visit.proxy_trouble:
            return fail(visit.proxy_trouble)
        raise
    if found is None:
        return ok("none")
    parts = urlsplit(found)
    host = authority(parts.scheme, parts.hostname or "", parts.port)
    return ok(f"{parts.scheme}://{host}")  # its user and password never show


def authorities(visit: Visit) -> Seen:
    """Say which certificate authorities are trusted, and whether they can be read."""
    if not visit.is_tls:
        return skip(_PLAIN)
    file = visit.config.ca_file
    try:
        context = Network(ca_file=file).tls()
    except NotConfiguredError as exc:
        return fail(str(exc))
    if file is None:
        return ok("those of the operating system")
    return ok(f"{context.cert_store_stats()['x509_ca']} in {file}, and no others")


def name(visit: Visit) -> Seen:
    """Look whether the host's name leads to an address."""
    if _is_address(visit.host):
        return ok(f"{visit.host} is an address")
    if visit.proxy is not None:
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
    if isinstance(reply.answer, Fault):
        if reply.answer in _TLS_FAULTS:
            return fail(reply.answer.value)
        return skip("no connection, see sink.answer")
    if reply.certificate is None:
        return ok("trusted")
    end = x509.load_der_x509_certificate(reply.certificate).not_valid_after_utc
    found = f"{reply.tls_version}, the certificate is valid until {end:%Y-%m-%d}"
    soon = end - visit.around.now() < timedelta(seconds=CERTIFICATE_ENDS_SOON_S)
    return warn(found, "ask the sink's operator to renew it") if soon else ok(found)


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
