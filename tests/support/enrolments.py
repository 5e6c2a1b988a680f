"""Signed enrolments as any client makes them, each part open to a change."""

import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from support.uploads import AUTHORITY, new_key
from vox_telemetry_sink.key_rows import Invitation, KeyGrant
from vox_telemetry_sink.key_store import KeyStore
from vox_telemetry_spec.digest import content_digest
from vox_telemetry_spec.enrolment import EnrolmentCode, make_code, write_enrolment
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.signature import sign_request
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.wire import ENROLMENT_SIGNATURE

MEDIA_TYPE = "application/vnd.vox.key-enrolment.v1+json"
PATH = "/v1/keys"


def new_code() -> EnrolmentCode:
    """Make a code that nobody keeps."""
    return make_code(secrets.token_bytes(20))


async def invited(key_store: KeyStore, **changes: Any) -> EnrolmentCode:
    """Make a code that the sink knows, for a key called farm."""
    now = datetime.now(UTC)
    expires_at = changes.pop("expires_at", now + timedelta(hours=1))
    valid_days = changes.pop("valid_days", None)
    needs_approval = changes.pop("needs_approval", False)
    code = new_code()
    grant = KeyGrant("farm", **changes)
    invitation = Invitation(grant, valid_days, expires_at, needs_approval)
    await key_store.invite(code, invitation, now=now)
    return code


@dataclass
class Enrolling:
    """One enrolment to be signed: change what you like before `headers()`."""

    code: EnrolmentCode
    key: SigningKey = field(default_factory=new_key)
    body: bytes = b""
    signer: SigningKey | None = None
    authority: str = AUTHORITY
    created: int = field(default_factory=lambda: int(time.time()))
    changes: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Fill in a good body where none was given."""
        self.body = self.body or write_enrolment(self.code, self.key.public)

    def headers(self) -> dict[str, str]:
        """Sign; `changes` are made afterwards (None leaves a header out)."""
        fields = {"content-type": MEDIA_TYPE, "content-digest": content_digest(self.body)}
        signed = sign_request(
            SignableRequest("POST", self.authority, PATH, fields),
            self.signer or self.key,
            created=self.created,
            nonce=secrets.token_urlsafe(16),
            profile=ENROLMENT_SIGNATURE,
        )
        changed = {**fields, **signed, **self.changes}
        return {name: value for name, value in changed.items() if value is not None}

    async def post(self, client: httpx.AsyncClient) -> httpx.Response:
        """Send it."""
        return await client.post(PATH, content=self.body, headers=self.headers())
