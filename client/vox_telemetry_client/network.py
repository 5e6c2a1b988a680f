"""How a connection is made: through which proxy, and trusting which authorities.

The only file that imports truststore. There is no way to leave the certificate unverified.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import truststore

from vox_telemetry_client.errors import NotConfiguredError
from vox_telemetry_spec.wire import IngestTarget

_PROXY_SCHEMES = {"http", "https"}


@dataclass(frozen=True)
class Network:
    """The proxy's URL, which may hold a password and is never shown, and the authorities' file."""

    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None

    def tls(self) -> ssl.SSLContext:
        """Return a context that verifies: TLS 1.2 or newer, the host's name, a known authority.

        Without `ca_file` the operating system's authorities count, with it those alone which it
        holds: whoever names one wants no other to be able to answer in the sink's name.

        Raises:
            NotConfiguredError: the file holds no certificates.

        """
        if self.ca_file is None:
            context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        else:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            try:
                context.load_verify_locations(cafile=self.ca_file)
            except (OSError, ValueError) as exc:  # ssl.SSLError is an OSError
                raise NotConfiguredError(
                    f"{self.ca_file} (--ca-file, VOX_TELEMETRY_CA_FILE or SSL_CERT_FILE) cannot be "
                    "used, expected a file of certificates in PEM form"
                ) from exc
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


DIRECT = Network()  # no proxy, the operating system's authorities


def proxy_for(target: IngestTarget, environ: Mapping[str, str]) -> str | None:
    """Return the proxy that the environment names for `target`, or None.

    The names count in lower case before upper case, as with curl. Loopback never takes a proxy,
    and plain http goes to loopback only.

    Raises:
        NotConfiguredError: what is named is no proxy's URL.

    """
    if not target.url.startswith("https:") or _is_loopback(target):
        return None
    named = _either(environ, "https_proxy") or _either(environ, "all_proxy")
    if not named or _is_excepted(target, _either(environ, "no_proxy")):
        return None
    proxy = named if "://" in named else f"http://{named}"  # as curl takes it
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise NotConfiguredError(
            "HTTPS_PROXY or ALL_PROXY cannot be used, expected http://HOST:PORT or "
            "https://HOST:PORT; NO_PROXY names the hosts that need none"
        )
    return proxy


def _either(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()


def _is_excepted(target: IngestTarget, no_proxy: str) -> bool:
    """Tell whether NO_PROXY names the target: `*`, a host or a domain, also with a port."""
    host = urlsplit(target.url).hostname or ""
    for entry in no_proxy.lower().split(","):
        name = entry.strip().removeprefix("*.").lstrip(".")
        if name == "*" or (name and f".{host}".endswith(f".{name}")):
            return True
        if name and f".{target.authority}".endswith(f".{name}"):
            return True
    return False


def _is_loopback(target: IngestTarget) -> bool:
    host = urlsplit(target.url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
