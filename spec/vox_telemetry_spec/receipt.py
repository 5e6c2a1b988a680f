"""The receipt: a sink says that it holds a batch; a client deletes nothing without one."""

import msgspec

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


def read_receipt(body: bytes) -> Receipt | None:
    """Return the receipt in an answer's body, or None: a login page is no receipt."""
    try:
        receipt = msgspec.json.decode(body, type=Receipt)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return receipt if is_uuid7(receipt.batch_id) else None
