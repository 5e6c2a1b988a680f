"""The only file that talks HTTP, and the only one that imports httpx: bytes out, a reply in.

One request gives one answer: the transport of httpx is used without its client, so that nothing
follows a redirect, keeps a cookie, or reads the environment; and a request costs half. Answers are
read up to ANSWER_MAX_BYTES and never unpacked, and every wait is bounded. Which proxy and which
authorities is said by `network`.
"""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Protocol, Self

import httpx

from vox_telemetry_client.bounding import Bound
from vox_telemetry_client.delivery import Answer, Fault
from vox_telemetry_client.errors import NotConfiguredError
from vox_telemetry_client.limits import CONNECT_TIMEOUT_S, REQUEST_TIMEOUT_S, SILENCE_TIMEOUT_S
from vox_telemetry_client.network import DIRECT, Network
from vox_telemetry_client.signing import METHOD
from vox_telemetry_spec.limits import ANSWER_MAX_BYTES
from vox_telemetry_spec.wire import IngestTarget

# X509_V_ERR_* of OpenSSL's x509_vfy.h; other systems' verifiers give other numbers, so plain TLS.
_CERTIFICATE_FAULTS = {
    9: Fault.TLS_EXPIRED,  # not yet valid, which is a matter of clocks as well
    10: Fault.TLS_EXPIRED,
    18: Fault.TLS_UNKNOWN,  # self-signed
    19: Fault.TLS_UNKNOWN,  # self-signed in the chain
    20: Fault.TLS_UNKNOWN,  # no issuer here
    21: Fault.TLS_UNKNOWN,  # a chain that ends in the air
    62: Fault.TLS_HOST,
    64: Fault.TLS_HOST,  # by address
}


class _Stream(Protocol):
    def get_extra_info(self, info: str) -> object: ...


class Transport:
    """One connection to one target, reused; close it at the end."""

    def __init__(
        self,
        target: IngestTarget,
        user_agent: str,
        network: Network = DIRECT,
        *,
        silence_s: float = SILENCE_TIMEOUT_S,
        request_s: float = REQUEST_TIMEOUT_S,
    ) -> None:
        """Prepare for `target`, without a proxy unless `network` names one; nothing is sent yet.

        Raises:
            NotConfiguredError: httpx would call another host or path than the one signed for, or
                the proxy or the file of authorities cannot be used.

        """
        self._target = target
        self._request_s = request_s
        self._bound = Bound(request_s, self.cut)
        self._extensions = {
            "timeout": _timeout(silence_s).as_dict(),
            "trace": self._remember_stream,
        }
        # In the order and with the names in which a person is shown them.
        self._headers = {"connection": "keep-alive", "user-agent": user_agent}
        self._stream: _Stream | None = None
        self._peer: tuple[bytes | None, str] = (None, "")
        self._abandoned = False
        tls = network.tls()
        try:
            self._transport = _transport(tls, network.proxy)
            self._url = url = httpx.URL(target.url)
        except (httpx.InvalidURL, ValueError) as exc:
            raise NotConfiguredError(
                "the upload URL or HTTPS_PROXY cannot be used, expected https://HOST[/PATH] and "
                "http://HOST:PORT"
            ) from exc
        if (url.netloc.decode(), url.raw_path.decode()) != (target.authority, target.path):
            raise NotConfiguredError(
                "the upload URL is not in its plain form, expected an ASCII host (punycode) "
                "and a percent-encoded path"
            )

    def all_headers(self, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """Return every header as `post` would send it, for a person to look at."""
        return dict(self._request(headers, body).headers)

    def post(self, headers: Mapping[str, str], body: bytes) -> Answer | Fault:
        """Send one request and return what came back, or why nothing did."""
        return self._sent(self._request(headers, body))

    def get(self, path: str) -> Answer | Fault:
        """Ask the target's host for an open page, without key or token; see `post`."""
        url = self._target.url.removesuffix(self._target.path) + path
        headers = {"accept": "*/*", "accept-encoding": "identity"} | self._headers
        return self._sent(httpx.Request("GET", url, headers=headers, extensions=self._extensions))

    def peer(self) -> tuple[bytes | None, str]:
        """Return the certificate (DER) that the other end showed last, and the TLS version."""
        return self._peer

    def _sent(self, request: httpx.Request) -> Answer | Fault:
        began_s = time.monotonic()
        try:
            with self._bound:
                response = self._transport.handle_request(request)
                try:
                    return Answer(response.status_code, _headers(response), _body(response))
                finally:
                    response.close()
        except httpx.TransportError as exc:
            late = time.monotonic() - began_s >= self._request_s
            return Fault.TIMEOUT if late else _fault(exc)
        except UnicodeError:
            return Fault.DNS  # a host with a label of more than 63 letters, refused by the codec

    def abandon(self) -> None:
        """Cut the request under way, from any thread; it ends as a connection that broke off."""
        self._abandoned = True
        self.cut()

    def cut(self) -> None:
        """Cut the connection as it is now, if there is one."""
        opened = None if self._stream is None else self._stream.get_extra_info("socket")
        if isinstance(opened, socket.socket):
            try:
                opened.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # closed in the same moment

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._transport.close()
        self._bound.close()

    def _request(self, headers: Mapping[str, str], body: bytes) -> httpx.Request:
        return httpx.Request(
            METHOD,
            self._url,
            headers={**self._headers, **headers},
            content=body,
            extensions=self._extensions,
        )

    def _remember_stream(self, _event: str, info: Mapping[str, object]) -> None:
        """Keep the newest network stream: TLS wraps the one before it."""
        opened = info.get("return_value")
        if hasattr(opened, "get_extra_info"):
            self._stream = opened
            found = opened.get_extra_info("ssl_object")
            if found is not None:  # asked now, since a closed connection does not tell any more
                self._peer = found.getpeercert(True), found.version() or ""  # noqa: FBT003 -- CPython's own has no keywords
            if self._abandoned:  # while it was connecting
                self.cut()


def _timeout(silence_s: float) -> httpx.Timeout:
    return httpx.Timeout(silence_s, connect=min(CONNECT_TIMEOUT_S, silence_s))


def _transport(tls: ssl.SSLContext, proxy: str | None) -> httpx.HTTPTransport:
    return httpx.HTTPTransport(
        verify=tls,
        trust_env=False,
        limits=httpx.Limits(max_connections=1),
        proxy=None if proxy is None else _proxy(proxy, tls),
    )


def _proxy(url: str, tls: ssl.SSLContext) -> httpx.Proxy:
    """Return the proxy; one that is spoken to by TLS is verified as the sink is."""
    return httpx.Proxy(url, ssl_context=tls if url.startswith("https:") else None)


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _body(response: httpx.Response) -> bytes | None:
    """Return the body, or None where it is longer than any answer of ours or in a coding."""
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        return None
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > ANSWER_MAX_BYTES:
            return None
    return body


def _fault(exc: httpx.TransportError) -> Fault:
    if isinstance(exc, httpx.ConnectTimeout):
        return Fault.UNREACHABLE
    if isinstance(exc, httpx.TimeoutException):
        return Fault.TIMEOUT
    if isinstance(exc, httpx.ProxyError):
        # The message begins with the status by which the proxy answered CONNECT.
        return Fault.PROXY_REFUSED if str(exc).startswith("4") else Fault.PROXY
    below = (_fault_below(cause) for cause in _causes(exc))
    otherwise = Fault.REFUSED if isinstance(exc, httpx.ConnectError) else Fault.CLOSED
    return next((fault for fault in below if fault is not None), otherwise)


def _fault_below(cause: BaseException) -> Fault | None:
    """Return what an exception of the sockets means; httpx wraps them."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _CERTIFICATE_FAULTS.get(cause.verify_code, Fault.TLS)
    if isinstance(cause, ssl.SSLError):
        return Fault.TLS
    return Fault.DNS if isinstance(cause, socket.gaierror) else None


def _causes(exc: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = exc
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
