"""Finish what a crash cut short: the files follow what the journal has decided.

Runs under the spool's lock before every change, so whatever lies in `tmp/` has no writer any more.
"""

import hashlib
import os
from pathlib import Path

import msgspec

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.files import delete, read_at_most, replace, sync_folder
from vox_telemetry_client.folder import Folder, batch_file, batch_ids
from vox_telemetry_client.journal import PENDING, REJECTED, Discarded, Ledger, Rejected
from vox_telemetry_client.set_aside import approved_copy, by_id, delete_copies, put_back
from vox_telemetry_spec.limits import CODED_BODY_MAX_BYTES
from vox_telemetry_spec.problems import Problem


def settle(folder: Folder, ledger: Ledger) -> None:
    """Bring `tmp/` and `pending/` to the state that the ledger describes.

    A batch in `tmp/` that a line approves is published, every other
    batch there is deleted. A batch
    in `pending/` that a line has ended is deleted or set aside. One in `rejected/` that a line puts
    back goes to `pending/`.

    Raises:
        OSError: the spool cannot be changed.

    """
    for batch_id in batch_ids(folder.tmp):
        path = folder.tmp / batch_file(batch_id)
        if _is(path, ledger.open.get(batch_id)):
            path.rename(folder.pending / path.name)
            sync_folder(folder.pending)
        else:
            delete(path)
    for batch_id in batch_ids(folder.pending):
        if batch_id in ledger.closed:
            end(folder, batch_id, ledger)
    for batch_id, found in by_id(folder).items():
        if batch_id in ledger.retried:
            copy = approved_copy(folder, found, ledger.open[batch_id])
            if copy is not None:
                put_back(folder, copy)
        elif _discarded_from(REJECTED, batch_id, ledger):
            delete_copies(folder, found)


def end(folder: Folder, batch_id: str, ledger: Ledger) -> None:
    """Delete or set aside one batch in `pending/`, as the line that ended it says.

    Raises:
        OSError: the spool cannot be changed.

    """
    approval, line = ledger.closed[batch_id]
    path = folder.pending / batch_file(batch_id)
    if isinstance(line, Rejected):
        _move_aside(folder, path, line.problem)
    elif _is(path, approval):
        path.unlink()
        sync_folder(folder.pending)
    elif _discarded_from(PENDING, batch_id, ledger) and approval is None:
        delete(path)  # it never was approved, and a person had it deleted all the same
        sync_folder(folder.pending)
    # Other bytes under an ended batch's name were never approved: the uploader sets them aside.


def _move_aside(folder: Folder, path: Path, problem: Problem) -> None:
    target = folder.rejected / path.name
    number = 1
    while os.path.lexists(target):  # an earlier batch under the same name is evidence, so it stays
        number += 1
        target = folder.rejected / f"{path.stem}.{number}.json"
    replace(target.with_suffix(".problem.json"), msgspec.json.encode(problem))
    path.rename(target)
    sync_folder(folder.rejected)
    sync_folder(folder.pending)


def _discarded_from(room: str, batch_id: str, ledger: Ledger) -> bool:
    _, line = ledger.closed.get(batch_id, (None, None))
    return isinstance(line, Discarded) and line.room in ("", room)


def _is(path: Path, approval: Approval | None) -> bool:
    if approval is None:
        return False
    try:
        payload = read_at_most(path, CODED_BODY_MAX_BYTES + 1)
    except OSError:
        return False
    return hashlib.sha256(payload).hexdigest() == approval.payload_sha256
