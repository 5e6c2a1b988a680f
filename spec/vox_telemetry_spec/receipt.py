"""The receipt: a sink says that it holds a batch; a client deletes nothing without one."""

from typing import Annotated, Literal

import msgspec

from vox_telemetry_spec.limits import BATCH_MAX_EVENTS
from vox_telemetry_spec.times import parse_time
from vox_telemetry_spec.uuid7 import is_uuid7
from vox_telemetry_spec.wire import RECEIPT_SCHEMA


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same document for a stored batch (201) and for each of its repetitions (200)."""

    batch_id: str
    payload_sha256: str
    event_count: int
    received_at: str
    schema: str = RECEIPT_SCHEMA

    def encode(self) -> bytes:
        """Return the receipt as JSON."""
        return msgspec.json.encode(self)

    def names(self, *, batch_id: str, payload_sha256: str, event_count: int) -> bool:
        """Tell whether this receipt is for exactly these bytes and this many events (wire 8)."""
        return (
            self.schema == RECEIPT_SCHEMA
            and self.batch_id == batch_id
            and self.payload_sha256 == payload_sha256
            and self.event_count == event_count
        )


class _Presented(msgspec.Struct, forbid_unknown_fields=True):
    """A receipt as usage-receipt.v1.schema.json wants it: nothing missing, nothing defaulted."""

    schema: Literal["vox.usage-receipt.v1"]
    batch_id: str
    payload_sha256: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    event_count: Annotated[int, msgspec.Meta(ge=1, le=BATCH_MAX_EVENTS)]
    received_at: str


def read_receipt(body: bytes) -> Receipt | None:
    """Return the receipt in an answer's body, or None: a login page is no receipt."""
    try:
        read = msgspec.json.decode(body, type=_Presented)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not is_uuid7(read.batch_id) or parse_time(read.received_at) is None:
        return None
    return Receipt(read.batch_id, read.payload_sha256, read.event_count, read.received_at)
