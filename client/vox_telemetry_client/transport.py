"""The only file that talks HTTP, and the only one that imports httpx: bytes out, a reply in.

Redirects are never followed, cookies never kept, answers are read up to ANSWER_MAX_BYTES and never
unpacked, and every wait is bounded. A proxy and private authorities come from the usual variables
(HTTPS_PROXY, SSL_CERT_FILE); plain http goes to loopback only, so it never takes a proxy.
"""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import Timer
from types import TracebackType
from typing import Protocol, Self

import httpx

from vox_telemetry_client.delivery import Answer, Fault
from vox_telemetry_client.errors import NotConfiguredError
from vox_telemetry_client.limits import CONNECT_TIMEOUT_S, REQUEST_TIMEOUT_S, SILENCE_TIMEOUT_S
from vox_telemetry_client.signing import METHOD
from vox_telemetry_spec.limits import ANSWER_MAX_BYTES
from vox_telemetry_spec.wire import IngestTarget


class _Stream(Protocol):
    def get_extra_info(self, info: str) -> object: ...


class Transport:
    """One connection to one target, reused; close it at the end."""

    def __init__(
        self,
        target: IngestTarget,
        user_agent: str,
        *,
        silence_s: float = SILENCE_TIMEOUT_S,
        request_s: float = REQUEST_TIMEOUT_S,
    ) -> None:
        """Prepare for `target`; nothing is sent yet.

        Raises:
            NotConfiguredError: httpx would call another host or path than the one signed for.

        """
        self._target = target
        self._request_s = request_s
        self._stream: _Stream | None = None
        self._peer: tuple[bytes | None, str] = (None, "")
        try:
            self._client = httpx.Client(
                timeout=httpx.Timeout(silence_s, connect=min(CONNECT_TIMEOUT_S, silence_s)),
                limits=httpx.Limits(max_connections=1),
                headers={"user-agent": user_agent},
                follow_redirects=False,
                event_hooks={"response": [_forget_location]},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                trust_env=target.url.startswith("https:"),
            )
            url = httpx.URL(target.url)
        except (httpx.InvalidURL, ValueError, OSError) as exc:
            raise NotConfiguredError(
                "the upload URL, HTTPS_PROXY or SSL_CERT_FILE cannot be used, expected "
                "https://HOST[/PATH], a proxy's URL and a file of certificates"
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
        return self._sent(
            self._client.build_request(
                "GET",
                self._target.url.removesuffix(self._target.path) + path,
                headers={"accept-encoding": "identity"},
                extensions={"trace": self._remember_stream},
            )
        )

    def peer(self) -> tuple[bytes | None, str]:
        """Return the certificate (DER) that the other end showed last, and the TLS version."""
        return self._peer

    def _sent(self, request: httpx.Request) -> Answer | Fault:
        began_s = time.monotonic()
        try:
            with self._bounded():
                response = self._client.send(request, stream=True)
                try:
                    return Answer(response.status_code, _headers(response), _body(response))
                finally:
                    response.close()
        except httpx.TransportError as exc:
            if time.monotonic() - began_s >= self._request_s:
                return Fault.TIMEOUT
            return _fault(exc)
        except UnicodeError:
            return Fault.DNS  # a host with a label of more than 63 letters, refused by the codec

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
        self._client.close()

    def _request(self, headers: Mapping[str, str], body: bytes) -> httpx.Request:
        return self._client.build_request(
            METHOD,
            self._target.url,
            headers=dict(headers),
            content=body,
            extensions={"trace": self._remember_stream},
        )

    def _remember_stream(self, _event: str, info: Mapping[str, object]) -> None:
        """Keep the newest network stream: TLS wraps the one before it."""
        opened = info.get("return_value")
        if hasattr(opened, "get_extra_info"):
            self._stream = opened
            found = opened.get_extra_info("ssl_object")
            if found is not None:  # asked now, since a closed connection does not tell any more
                self._peer = found.getpeercert(True), found.version() or ""  # noqa: FBT003 -- CPython's own has no keywords

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """Cut the connection after `request_s`: httpx bounds each read, not a drip of many."""
        timer = Timer(self._request_s, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _cut(self) -> None:
        opened = None if self._stream is None else self._stream.get_extra_info("socket")
        if isinstance(opened, socket.socket):
            try:
                opened.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # closed in the same moment


def _forget_location(response: httpx.Response) -> None:
    """Keep httpx from building the next request of a redirect, which a hostile one makes fail."""
    response.headers.pop("location", None)


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
    causes = list(_causes(exc))
    if isinstance(exc, httpx.TimeoutException):
        return Fault.TIMEOUT
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Fault.TLS
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Fault.DNS
    if isinstance(exc, httpx.ConnectError | httpx.ProxyError):
        return Fault.REFUSED
    return Fault.CLOSED


def _causes(exc: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = exc
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
