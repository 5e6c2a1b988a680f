"""Is a receipt in the journal still what the sink signed? Without a network (wire 13.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from vox_telemetry_client.journal_lines import Acknowledged
from vox_telemetry_spec.errors import SignatureRefusedError
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.receipt import read_receipt
from vox_telemetry_spec.receipt_signature import SignedReceipt, check_receipt, receipt_key_id


class Finding(StrEnum):
    """What a receipt is worth; `--json` prints these words."""

    OK = "ok"  # a pinned key signed it
    UNSIGNED = "unsigned"  # as it came, when no key was pinned
    UNPINNED = "unpinned"  # signed by a key that never was pinned here: nobody can tell
    WRONG = "wrong"  # not what was signed, or no longer all of it


@dataclass(frozen=True)
class Checked:
    """One receipt; `key_id` is what it names as its signer."""

    at: str
    batch_id: str
    finding: Finding
    key_id: str | None = None
    reason: str = ""


def prove(line: Acknowledged, keys: Mapping[str, PublicKey]) -> Checked:
    """Return what the receipt in a line is worth; `keys` are all that were ever pinned, by id."""
    if line.receipt.batch_id != line.batch_id:
        return _wrong(line, "the receipt is another batch's")
    if line.proof is None:
        if line.sink_key_id is not None:
            return _wrong(line, "its signature, which was verified once, is gone")
        return Checked(line.at, line.batch_id, Finding.UNSIGNED)
    if read_receipt(line.proof.body.encode(errors="replace")) != line.receipt:
        return _wrong(line, "the receipt is not the one that was signed")
    if line.duplicate != (line.proof.status == HTTPStatus.OK):
        return _wrong(line, "whether it was new is not what was signed")
    return _signed(line, line.proof, keys)


def _signed(line: Acknowledged, proof: SignedReceipt, keys: Mapping[str, PublicKey]) -> Checked:
    try:
        key_id = receipt_key_id(proof)
        if key_id not in keys and line.sink_key_id in (None, key_id):
            return Checked(
                line.at, line.batch_id, Finding.UNPINNED, key_id, "no such key is pinned here"
            )
        check_receipt(proof, keys)
    except SignatureRefusedError as exc:
        return _wrong(line, str(exc))
    if line.sink_key_id not in (None, key_id):
        return _wrong(line, "it is signed with another key than when it came")
    return Checked(line.at, line.batch_id, Finding.OK, key_id)


def _wrong(line: Acknowledged, reason: str) -> Checked:
    return Checked(line.at, line.batch_id, Finding.WRONG, line.sink_key_id, reason)
