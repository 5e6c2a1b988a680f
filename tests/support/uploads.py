"""Signed uploads as any client makes them, each part open to a change."""

import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from support.events import benchmark_event
from vox_telemetry_spec.digest import content_digest
from vox_telemetry_spec.envelope import Producer, compose
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.signature import sign_request
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.uuid7 import uuid7

PATH = "/v1/batches"
AUTHORITY = "sink.example"
MEDIA_TYPE = "application/vnd.vox.usage-batch.v1+json"


def new_key() -> SigningKey:
    """Make a key of nobody."""
    return SigningKey(secrets.token_bytes(32))


def new_batch_id() -> str:
    """Make a UUIDv7 of this moment."""
    return uuid7(time.time_ns() // 1_000_000, secrets.token_bytes(10))


def payload_of(*events: Any, batch_id: str | None = None) -> bytes:
    """Compose a batch; one good event when none is given."""
    return compose(
        events or (benchmark_event(),),
        batch_id=batch_id or new_batch_id(),
        approved_at=datetime.now(UTC),
        producer=Producer("vox-telemetry", "0.1.0"),
    )


@dataclass
class Upload:
    """One upload to be signed: change what you like before `headers()`."""

    key: SigningKey
    batch_id: str = field(default_factory=new_batch_id)
    payload: bytes = b""
    body: bytes = b""
    coding: str | None = None
    authority: str = AUTHORITY
    path: str = PATH
    created: int = field(default_factory=lambda: int(time.time()))
    changes: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Fill in a good payload where none was given."""
        self.payload = self.payload or payload_of(batch_id=self.batch_id)
        self.body = self.body or self.payload

    def headers(self) -> dict[str, str]:
        """Sign; `changes` are made before (None leaves a header out)."""
        fields = {
            "content-type": MEDIA_TYPE,
            "content-digest": content_digest(self.body),
            "idempotency-key": f'"{self.batch_id}"',
            **({"content-encoding": self.coding} if self.coding else {}),
        }
        request = SignableRequest("POST", self.authority, self.path, fields)
        signed = sign_request(
            request, self.key, created=self.created, nonce=secrets.token_urlsafe(16)
        )
        changed = {**fields, **signed, **self.changes}
        return {name: value for name, value in changed.items() if value is not None}

    async def post(self, client: httpx.AsyncClient) -> httpx.Response:
        """Send it."""
        return await client.post(self.path, content=self.body, headers=self.headers())
