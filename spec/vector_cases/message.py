"""Requests of the wire profile, signed by hand: RFC 9421 section 2.5 and no library of ours.

A signer may be careless here: every part can be set wrong before or after it is signed.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypedDict, Unpack

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vector_cases.form import Json, octets, text

NOW = 1_795_341_600  # 2026-11-22T10:00:00Z
BATCH_ID = "019aab3e-7c00-7a10-8b2c-0d3e5f708192"
NONCE = "dmVjdG9yLW5vbmNlLTAx"
MEDIA_TYPE = "application/vnd.vox.usage-batch.v1+json"
PAYLOAD = (
    '{"schema":"vox.usage-batch.v1","batch_id":"' + BATCH_ID + '",'
    '"transmission_class":"approved_usage_upload","approved_at":"2026-11-22T09:59:00.000Z",'
    '"producer":{"name":"vox-telemetry","version":"0.1.0"},"events":[{"metric_type":'
    '"benchmark_event","session_id":"bench:vectors","recorded_at":"2026-11-22T09:00:00Z",'
    '"metric_value":0.5,"metadata":{"name":"ci_build_timings"}}]}'
)
COVERED = ("@method", "@authority", "@path", "content-type", "content-digest", "idempotency-key")
_DERIVED = ("method", "authority", "path")


def base64url(value: bytes) -> str:
    """Return base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def byte_sequence(value: bytes) -> str:
    """Return a byte sequence of a structured field (RFC 9651 section 4.1.8)."""
    return f":{base64.b64encode(value).decode()}:"


def sha256_digest(body: bytes) -> str:
    """Return a Content-Digest (RFC 9530 section 2)."""
    return f"sha-256={byte_sequence(hashlib.sha256(body).digest())}"


def key_id(public: bytes) -> str:
    """Return the RFC 7638 thumbprint of a public key."""
    jwk = json.dumps(
        {"crv": "Ed25519", "kty": "OKP", "x": base64url(public)}, separators=(",", ":")
    )
    return base64url(hashlib.sha256(jwk.encode()).digest())


@dataclass(frozen=True)
class Key:
    """A key of nobody, made from its name, and what the sink knows about it."""

    name: str
    state: str

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes; published here, so never to be used."""
        return hashlib.sha256(f"vox-telemetry test vectors: {self.name}".encode()).digest()

    @property
    def private(self) -> Ed25519PrivateKey:
        """The signing key."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def id(self) -> str:
        """The key id."""
        return key_id(self.private.public_key().public_bytes_raw())

    def described(self) -> Json:
        """Return the key as the file shows it."""
        public = base64url(self.private.public_key().public_bytes_raw())
        jwk = {"crv": "Ed25519", "kty": "OKP", "x": public}
        return {"name": self.name, "state": self.state, "keyid": self.id} | {
            "seed": self.seed.hex(),
            "jwk": jwk,
        }


ALICE = Key("alice", "enrolled")
BOB = Key("bob", "enrolled")
CAROL = Key("carol", "revoked")
DAVE = Key("dave", "expired")
ERIN = Key("erin", "not-yet-valid")
FRANK = Key("frank", "waiting")
MALLORY = Key("mallory", "unknown")
KEYS = (ALICE, BOB, CAROL, DAVE, ERIN, FRANK, MALLORY)


@dataclass(frozen=True)
class Draft:
    """A request and how it will be signed; `params` are serialised values in their order."""

    headers: dict[str, str]
    body: Json
    method: str = "POST"
    authority: str = "sink.example"
    path: str = "/v1/batches"
    covered: tuple[str, ...] = tuple(f'"{name}"' for name in COVERED)
    params: dict[str, str] = field(default_factory=dict)
    label: str = "vox"
    signer: Key = ALICE
    spoil: Callable[[bytes], bytes] = bytes

    @property
    def signature_params(self) -> str:
        """The inner list with its parameters (RFC 9421 section 2.3)."""
        return f"({' '.join(self.covered)})" + "".join(f";{n}={v}" for n, v in self.params.items())

    def value_of(self, item: str) -> str:
        """Return a component's value; empty for one that the request has not."""
        name = item.split('"')[1] if '"' in item else item
        if name.removeprefix("@") in _DERIVED and name.startswith("@"):
            return str(getattr(self, name[1:]))
        found = [value.strip(" \t") for key, value in self.headers.items() if key.lower() == name]
        return ", ".join(found)

    @property
    def base(self) -> str:
        """The signature base (RFC 9421 section 2.5)."""
        lines = [f"{item}: {self.value_of(item)}" for item in self.covered]
        return "\n".join([*lines, f'"@signature-params": {self.signature_params}'])

    def signature(self) -> bytes:
        """Sign the base, spoiled where the case says so."""
        return self.signer.private.sign(self.spoil(self.base.encode()))


class Parts(TypedDict, total=False):
    """The parts of a draft that a case may set."""

    headers: dict[str, str]
    method: str
    authority: str
    path: str
    covered: tuple[str, ...]
    params: dict[str, str]
    label: str
    signer: Key


def draft(body: Json | None = None, *, coding: str = "", **changes: Unpack[Parts]) -> Draft:
    """Return a good draft, as our client would write it, with some parts changed."""
    payload = text(PAYLOAD) if body is None else body
    headers = {
        "content-type": MEDIA_TYPE,
        "content-digest": sha256_digest(octets(payload)),
        "idempotency-key": f'"{BATCH_ID}"',
    }
    made = Draft(headers, payload)
    if coding:
        coded = {**headers, "content-encoding": coding}
        made = replace(made, headers=coded, covered=(*made.covered, '"content-encoding"'))
    params = good_params(changes.get("signer", ALICE))
    return replace(replace(made, params=params), **changes)


def good_params(signer: Key = ALICE, /, **changes: str | None) -> dict[str, str]:
    """Return serialised parameters in our client's order, some changed; None leaves one out."""
    params: dict[str, str | None] = {
        "created": str(NOW),
        "keyid": f'"{signer.id}"',
        "alg": '"ed25519"',
        "nonce": f'"{NONCE}"',
        "tag": '"vox-usage-batch"',
    }
    return {name: value for name, value in (params | changes).items() if value is not None}


def signed(made: Draft) -> Json:
    """Return the request as it travels: header lines in order, the signature's two at the end."""
    lines = [[name, value] for name, value in made.headers.items()]
    lines.append(["signature-input", f"{made.label}={made.signature_params}"])
    lines.append(["signature", f"{made.label}={byte_sequence(made.signature())}"])
    return {
        "method": made.method,
        "authority": made.authority,
        "path": made.path,
        "headers": lines,
        "body": made.body,
    }


def with_header(request: Json, name: str, value: str | None) -> Json:
    """Return the request with a header replaced, added at the end, or (None) taken away."""
    known = [line[0] for line in request["headers"]]
    lines = [
        [line[0], value if line[0] == name else line[1]]
        for line in request["headers"]
        if line[0] != name or value is not None
    ]
    if name not in known and value is not None:
        lines.append([name, value])
    return {**request, "headers": lines}


def header_of(request: Json, name: str) -> str:
    """Return the value of a header that the request has once."""
    return str(next(value for found, value in request["headers"] if found == name))


def gzip_stored(body: bytes) -> bytes:
    """Return gzip of one stored block (RFC 1951 section 3.2.4): the same with every zlib."""
    size = len(body)
    block = b"\x01" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + body
    head = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    return head + block + zlib.crc32(body).to_bytes(4, "little") + size.to_bytes(4, "little")


def zstd_raw(body: bytes) -> bytes:
    """Return zstd of one raw block (RFC 8878 section 3.1.1) of 256 to 65,791 bytes."""
    size = len(body)
    head = b"\x28\xb5\x2f\xfd\x60" + (size - 256).to_bytes(2, "little")
    return head + (size << 3 | 1).to_bytes(3, "little") + body
