"""Why what lies under a batch's name in `pending/` is not sent."""

import os
import stat

from vox_telemetry_client.errors import os_words
from vox_telemetry_client.files import read_at_most
from vox_telemetry_client.folder import Folder, batch_file
from vox_telemetry_client.history import fates
from vox_telemetry_spec.limits import CODED_BODY_MAX_BYTES
from vox_telemetry_spec.problems import Problem

NOT_APPROVED = "urn:vox-telemetry:client:not-approved"
_TITLE = "these bytes are not the ones that were approved, so they were not sent"
_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def not_approved(folder: Folder, batch_id: str) -> Problem:
    """Return the problem to keep beside a file that is set aside unsent.

    Raises:
        SpoolError: the journal cannot be read.

    """
    return Problem(type=NOT_APPROVED, title=_TITLE, detail=_why(folder, batch_id))


def shape_trouble(found: os.stat_result) -> str:
    """Return why a file cannot be a batch by its kind and size alone, or nothing."""
    if not stat.S_ISREG(found.st_mode):
        kind = next((word for is_kind, word in _KINDS if is_kind(found.st_mode)), "no file")
        return f"it is {kind}, expected a file"
    if found.st_size == 0:
        return "it is empty"
    if found.st_size > CODED_BODY_MAX_BYTES:
        return f"it has {found.st_size} bytes, a batch has {CODED_BODY_MAX_BYTES} at most"
    return ""


def _why(folder: Folder, batch_id: str) -> str:
    path = folder.pending / batch_file(batch_id)
    try:
        trouble = shape_trouble(path.lstat())
        payload = b"" if trouble else read_at_most(path, CODED_BODY_MAX_BYTES)
    except OSError as exc:
        return f"it cannot be read: {os_words(exc)}"
    if trouble:
        return trouble
    approval = fates(folder.journal, {batch_id})[batch_id].approval
    if approval is None:
        return "no line of the journal approves it"
    if not approval.approves(payload):
        return "its SHA-256 is not the one in the journal"
    return f"the journal has ended it before: `vox-telemetry journal --batch {batch_id}` says how"
