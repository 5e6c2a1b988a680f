"""Finish what a crash cut short: the files follow what the journal has decided.

Runs under the spool's lock before a change, so whatever lies in `tmp/` has no writer any more; and
because it runs before every change, only the last decision of all can be unfinished, or the last
few receipts of one upload, which share an fsync. So it costs the same however much is pending. What
lies in `pending/` although a line has ended it, as after a restored backup, the upload ends when
its turn comes (`end`), and never sends it.

The line of a killed process may not be durable yet, so it is made so before a file follows it.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

import msgspec

from vox_telemetry_client.batch import Approval
from vox_telemetry_client.files import delete, read_at_most, replace, sync_folder
from vox_telemetry_client.folder import Folder, batch_file, entries, oldest
from vox_telemetry_client.journal import UNSYNCED_MAX_BYTES, Journal
from vox_telemetry_client.journal_lines import (
    PENDING,
    REJECTED,
    Acknowledged,
    Attempt,
    Closing,
    Discarded,
    Line,
    Rejected,
    Retried,
    Split,
)
from vox_telemetry_client.ledger import Ledger, ledger_of
from vox_telemetry_client.limits import RECEIVED_MAX_BATCHES
from vox_telemetry_client.set_aside import approved_copy, by_id, put_back
from vox_telemetry_spec.limits import CODED_BODY_MAX_BYTES
from vox_telemetry_spec.problems import Problem

_ID_CHARS = 36
_UNFINISHED_MAX_LINES = 2 * RECEIVED_MAX_BATCHES  # each an attempt and its receipt


def settle(folder: Folder, journal: Journal) -> None:
    """Bring the files to the state that the last decision describes.

    A batch in `tmp/` that a line approves is published, every other batch there is deleted. A batch
    in `pending/` that the last line has ended is deleted or set aside, and so are those of the
    receipts directly before it; one in `rejected/` that it puts back is moved to `pending/`.

    Raises:
        OSError: the spool cannot be changed.
        SpoolError: the journal cannot be read.

    """
    while found := oldest(folder.tmp):
        journal.sync()
        _empty(folder, ledger_of(journal, found), found)
    line = next(iter(journal.last(1)), None)
    if isinstance(line, Rejected | Split):
        _finish(folder, journal, [line.batch_id])
    elif isinstance(line, Acknowledged | Attempt):
        lines = journal.last(_UNFINISHED_MAX_LINES, within_bytes=UNSYNCED_MAX_BYTES)
        _finish(folder, journal, _last_receipts(lines))
    elif isinstance(line, Retried):
        journal.sync()
        _put_back(folder, line.batches)
    elif isinstance(line, Discarded):
        with suppress(PermissionError):  # it was said where it was asked, and hinders nobody else
            _discard(folder, journal, line)


def end(folder: Folder, batch_ids: Iterable[str], ledger: Ledger) -> None:
    """Delete or set aside batches in `pending/`, as the durable lines that ended them say.

    Raises:
        OSError: the spool cannot be changed.

    """
    deleted = False
    for batch_id in batch_ids:
        if batch_id not in ledger.closed:
            continue  # the journal was taken away meanwhile, and nothing says any more what to do
        approval, line = ledger.closed[batch_id]
        path = folder.pending / batch_file(batch_id)
        if isinstance(line, Rejected):
            _move_aside(folder, path, line.problem)
        elif _is(path, approval) or (_is_discarded(line) and approval is None):
            delete(path)
            deleted = True
        # Other bytes under an ended batch's name were never approved: the uploader sets them aside.
    if deleted:
        sync_folder(folder.pending)


def remove(room: Path, batch_ids: Iterable[str]) -> None:
    """Delete all that lies under these ids in one room, with the problems beside it.

    Raises:
        OSError: the spool cannot be changed.

    """
    beginnings = {f"{batch_id}." for batch_id in batch_ids}
    found = (entry.name for entry in entries(room))
    for name in [name for name in found if name[: _ID_CHARS + 1] in beginnings]:
        delete(room / name)
    sync_folder(room)


def _last_receipts(lines: Sequence[Line | None]) -> list[str]:
    """Return the batches of the receipts at the end, with nothing but attempts between."""
    last = takewhile(lambda line: isinstance(line, Acknowledged | Attempt), reversed(lines))
    return [line.batch_id for line in last if isinstance(line, Acknowledged)]


def _discard(folder: Folder, journal: Journal, line: Discarded) -> None:
    journal.sync()
    if line.room != REJECTED:
        _finish(folder, journal, line.batch_ids)
    if line.room != PENDING:
        remove(folder.rejected, line.batch_ids)


def _put_back(folder: Folder, approvals: Iterable[Approval]) -> None:
    found = by_id(folder)
    for approval in approvals:
        copy = approved_copy(folder, found.get(approval.batch_id, ()), approval)
        if copy is not None:
            put_back(folder, copy)


def _is_discarded(line: Closing) -> bool:
    return isinstance(line, Discarded) and line.room != REJECTED


def _empty(folder: Folder, ledger: Ledger, batch_ids: Iterable[str]) -> None:
    for batch_id in batch_ids:
        path = folder.tmp / batch_file(batch_id)
        if _is(path, ledger.open.get(batch_id)):
            path.rename(folder.pending / path.name)
        else:
            delete(path)
    sync_folder(folder.pending)


def _finish(folder: Folder, journal: Journal, batch_ids: Iterable[str]) -> None:
    left = [one for one in batch_ids if os.path.lexists(folder.pending / batch_file(one))]
    if left:
        journal.sync()
        end(folder, left, ledger_of(journal, left))


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


def _is(path: Path, approval: Approval | None) -> bool:
    if approval is None:
        return False
    try:
        payload = read_at_most(path, CODED_BODY_MAX_BYTES + 1)
    except OSError:
        return False
    return approval.approves(payload)
