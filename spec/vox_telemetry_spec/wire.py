"""Names of the wire profile (wire 1 to 3, 6.2, 11, 12): paths, media types, headers, tags, URLs."""

import ipaddress
import re
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from vox_telemetry_spec.errors import UrlRefusedError

INGEST_PATH: Final = "/v1/batches"
BATCH_MEDIA_TYPE: Final = "application/vnd.vox.usage-batch.v1+json"
RECEIPT_MEDIA_TYPE: Final = "application/vnd.vox.usage-receipt.v1+json"
PROBLEM_MEDIA_TYPE: Final = "application/problem+json"  # RFC 9457 section 3
KEYS_PATH: Final = "/v1/keys"
ABOUT_PATH: Final = "/v1/about"
ENROLMENT_MEDIA_TYPE: Final = "application/vnd.vox.key-enrolment.v1+json"
ENROLMENT_RECEIPT_MEDIA_TYPE: Final = "application/vnd.vox.key-enrolment-receipt.v2+json"
OLD_ENROLMENT_RECEIPT_MEDIA_TYPE: Final = "application/vnd.vox.key-enrolment-receipt.v1+json"

BATCH_SCHEMA: Final = "vox.usage-batch.v1"
RECEIPT_SCHEMA: Final = "vox.usage-receipt.v1"
ENROLMENT_SCHEMA: Final = "vox.key-enrolment.v1"
ENROLMENT_RECEIPT_SCHEMA: Final = "vox.key-enrolment-receipt.v2"
OLD_ENROLMENT_RECEIPT_SCHEMA: Final = "vox.key-enrolment-receipt.v1"

SIGNATURE_TAG: Final = "vox-usage-batch"
SIGNATURE_LABEL: Final = "vox"
SIGNATURE_ALGORITHM: Final = "ed25519"  # RFC 9421 section 3.3.6
REQUIRED_COMPONENTS: Final = (
    "@method",
    "@authority",
    "@path",
    "content-type",
    "content-digest",
    "idempotency-key",
)
CONTENT_ENCODING: Final = "content-encoding"


class SignatureProfile(NamedTuple):
    """What a signature is for (its tag) and what it must cover, whatever else it covers."""

    tag: str
    components: tuple[str, ...]


BATCH_SIGNATURE: Final = SignatureProfile(SIGNATURE_TAG, REQUIRED_COMPONENTS)
ENROLMENT_SIGNATURE: Final = SignatureProfile(
    "vox-key-enrolment", ("@method", "@authority", "@path", "content-type", "content-digest")
)
RECEIPT_SIGNATURE: Final = SignatureProfile(
    "vox-usage-receipt", ("@status", "content-digest", "content-type", "signature")
)
# What a signature covers is kept with the batch: never a secret, never an address.
NEVER_COVERED: Final = (
    "authorization",
    "cookie",
    "forwarded",
    "proxy-authorization",
    "x-forwarded-for",
    "x-real-ip",
)
CODINGS: Final = ("gzip", "zstd")

# What a URL may hold so that every client, gateway and sink sees the same authority and path: no
# white space, no control or non-ASCII character (a client would rewrite them after signing).
_PLAIN_URL = re.compile(r"[!-~]*")
_HOST_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*")  # RFC 3986 3.3
_DOT_SEGMENT = re.compile(r"/(?:\.|%2[eE]){1,2}(?=/|\Z)")

_DEFAULT_PORTS = {"http": 80, "https": 443}


class IngestTarget(NamedTuple):
    """Where a batch goes: the URL to call and what the signature binds it to."""

    url: str
    authority: str
    path: str


def authority(scheme: str, host: str, port: int | None) -> str:
    """Return the `@authority` value: lower case, no default port (RFC 9421 section 2.2.3)."""
    name = f"[{host.lower()}]" if ":" in host else host.lower()
    return name if port in (None, _DEFAULT_PORTS.get(scheme)) else f"{name}:{port}"


def ingest_target(url: str) -> IngestTarget:
    """Return the target of `VOX_TELEMETRY_UPLOAD_URL`; an empty path means `/v1/batches`.

    Raises:
        UrlRefusedError: not https (loopback may use http); credentials, a query or a fragment,
            which the signature does not cover (and credentials would be logged); a host or path
            that a client or gateway would rewrite after signing.

    """
    parts, port = _split(url)
    host = parts.hostname or ""
    _check_origin(parts, host)
    _check_path(parts)
    path = parts.path if parts.path not in ("", "/") else INGEST_PATH
    name = authority(parts.scheme, host, port)
    return IngestTarget(f"{parts.scheme}://{name}{path}", name, path)


def keys_target(ingest: IngestTarget) -> IngestTarget:
    """Return where keys are enrolled: the ingest URL with `keys` for its last segment (wire 11).

    Raises:
        UrlRefusedError: the last segment is not `batches`, so that nothing says where keys go.

    """
    found = _beside(ingest, KEYS_PATH)
    if found is None:
        raise UrlRefusedError(
            "the upload URL's path does not end in /batches, so it does not say where keys are "
            "enrolled, expected https://HOST[/PATH]/batches"
        )
    return found


def about_target(ingest: IngestTarget) -> IngestTarget | None:
    """Return where the sink tells of itself (wire 12), or None where the URL does not say."""
    return _beside(ingest, ABOUT_PATH)


def _beside(ingest: IngestTarget, path: str) -> IngestTarget | None:
    """Return the ingest URL with the last segment of `path` for its own, if that is `batches`."""
    last, replacement = _last_segment(INGEST_PATH), _last_segment(path)
    if not ingest.path.endswith(last):
        return None
    url, there = (text.removesuffix(last) + replacement for text in (ingest.url, ingest.path))
    return IngestTarget(url, ingest.authority, there)


def _last_segment(path: str) -> str:
    return path[path.rindex("/") :]


def _split(url: str) -> tuple[SplitResult, int | None]:
    if _PLAIN_URL.fullmatch(url) is None:
        raise UrlRefusedError(
            "the upload URL holds a space, a control or a non-ASCII character, "
            "expected an xn-- host and a percent-encoded path"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise UrlRefusedError(
            "the upload URL cannot be parsed, expected https://HOST[/PATH]"
        ) from exc
    return parts, port


def _check_origin(parts: SplitResult, host: str) -> None:
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise UrlRefusedError(
            f"the upload URL has scheme '{parts.scheme}' and host '{host}', "
            "expected https://HOST[/PATH]"
        )
    if parts.username is not None or parts.password is not None:
        raise UrlRefusedError(
            "the upload URL holds credentials, expected none: "
            "set VOX_TELEMETRY_UPLOAD_TOKEN for a bearer token"
        )
    if not _is_host(host, in_brackets="[" in parts.netloc):
        raise UrlRefusedError("the upload URL's host is neither a name nor an IP address")
    if parts.scheme == "http" and not _is_loopback(host):
        raise UrlRefusedError(
            f"the upload URL is plain http to '{host}', expected https (http only to loopback)"
        )


def _check_path(parts: SplitResult) -> None:
    if parts.query or parts.fragment:
        raise UrlRefusedError("the upload URL has a query or a fragment, expected neither")
    if _PATH.fullmatch(parts.path) is None or _DOT_SEGMENT.search(parts.path):
        raise UrlRefusedError(
            "the upload URL's path has a dot segment or a character that RFC 3986 does not allow, "
            "expected a plain path"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(host: str, *, in_brackets: bool) -> bool:
    if not in_brackets:
        return _HOST_NAME.fullmatch(host) is not None
    try:
        return ipaddress.IPv6Address(host).scope_id is None  # a zone means nothing to the other end
    except ValueError:
        return False
