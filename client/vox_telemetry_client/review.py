"""One batch for a person to look at: pending or set aside, its exact bytes and its problem."""

from dataclasses import dataclass

import msgspec

from vox_telemetry_client.batch import sha256_hex
from vox_telemetry_client.errors import BatchUnknownError
from vox_telemetry_client.files import read_at_most
from vox_telemetry_client.folder import Folder, batch_file, batch_ids
from vox_telemetry_spec.errors import JsonRefusedError
from vox_telemetry_spec.limits import CODED_BODY_MAX_BYTES
from vox_telemetry_spec.problems import Problem
from vox_telemetry_spec.strict_json import JsonValue, decode


@dataclass(frozen=True)
class Found:
    """A batch file as it lies there; `state` is the folder's name."""

    batch_id: str
    state: str
    payload: bytes
    problem: Problem | None

    @property
    def sha256(self) -> str:
        """The digest of the bytes that lie there, in hex."""
        return sha256_hex(self.payload)

    @property
    def document(self) -> JsonValue:
        """What the bytes say, or None where somebody has made them something else than JSON."""
        try:
            return decode(self.payload)
        except JsonRefusedError:
            return None


def find(folder: Folder, wanted: str) -> Found:
    """Return the batch whose id is `wanted` or the only one that begins with it.

    Raises:
        BatchUnknownError: there is none, or more than one.
        OSError: it cannot be read.

    """
    rooms = (folder.pending, folder.rejected)
    matching = (
        (batch_id, room)
        for room in rooms
        for batch_id in batch_ids(room)
        if batch_id.startswith(wanted)
    )
    found = next(matching, None)
    others = sum(1 for _ in matching)
    if found is None or others:
        raise BatchUnknownError(
            f"{others + (found is not None)} batches begin with '{wanted}', expected one: "
            "`vox-telemetry status` lists them"
        )
    batch_id, room = found
    payload = read_at_most(room / batch_file(batch_id), CODED_BODY_MAX_BYTES)
    return Found(batch_id, room.name, payload, _problem(folder, batch_id))


def _problem(folder: Folder, batch_id: str) -> Problem | None:
    path = folder.rejected / f"{batch_id}.problem.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Problem)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
