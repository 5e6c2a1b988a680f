"""The operator's side: check, enqueue, review, sign, upload, keep the record."""

from vox_telemetry_client.recording import record

__all__ = ["record"]
