"""Answers of a sink that signs its receipts (wire 13)."""

from base64 import b64decode
from collections.abc import Mapping

from support.client_world import receipt_for
from support.http_answers import Answer, Request, computed
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.receipt_signature import sign_receipt

SINK = SigningKey(b"s" * 32)
MEDIA_TYPE = "application/vnd.vox.usage-receipt.v1+json"


def signed_answer(*, key: SigningKey | None) -> Answer:
    """Answer with a receipt that `key` signs, or nobody."""

    def make(request: Request) -> tuple[int, Mapping[str, str], bytes]:
        receipt = receipt_for(request)
        fields = {"content-type": MEDIA_TYPE}
        if key is not None:
            sent = b64decode(request.headers["signature"].removeprefix("vox=").strip(":"))
            fields |= sign_receipt(receipt, 201, ("vox", sent), key, created=1)
        return 201, fields, receipt

    return computed(make)
